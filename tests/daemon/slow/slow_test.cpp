#include "daemon/slow/slow.hpp"

#include <catch2/catch.hpp>
#include <future>
#include <nlohmann/json.hpp>

#include "daemon/slow/slow_view.hpp"
#include "ledger/sqlite_ledger.hpp"
#include "support/temp_dir.hpp"
#include "time/instant.hpp"

using namespace belfry;
using namespace belfry::daemon;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using observe::SlowStep;
using observe::StartPhase;

namespace {

const WallTime due = time::parse_time("2026-05-05T02:30:00Z", {}).value();

/// A ledger with runs that were due at 02:30, a minute apart.
struct Record {
  test::TempDir folder;
  std::unique_ptr<ledger::SqliteLedger> ledger = ledger::SqliteLedger::open((folder / "ledger.db").string());
  std::vector<SlowStep> steps{};
  WallTime known_since = due - 1h;

  void run(ledger::RunId id, Duration late, ledger::StartWaits waits, Duration launch,
           ledger::RunTrigger trigger = ledger::RunTrigger::schedule) {
    ledger::RunStarted start;
    start.run = id;
    start.job = "backup";
    start.trigger = trigger;
    if (trigger != ledger::RunTrigger::manual) start.scheduled_at = due + 1min * id;
    start.started_at = due + 1min * id + late;
    start.waits = waits;
    ledger->write(start);
    ledger::AttemptEnded attempt;
    attempt.run = id;
    attempt.job = "backup";
    attempt.launch = launch;
    ledger->write(attempt);
  }

  std::optional<Slow> explained(SlowQuestion question = {.job = "backup"}) {
    std::promise<void> durable;
    ledger->when_durable([&] { durable.set_value(); });
    durable.get_future().wait();
    const auto reader = ledger->open_reader();
    return explain(question, *reader,
                   {.steps =
                        [this](WallTime from, WallTime to) {
                          std::vector<SlowStep> found;
                          for (const SlowStep& step : steps) {
                            if (step.began < to && step.ended > from) found.push_back(step);
                          }
                          return found;
                        },
                    .known_since = known_since},
                   time::Zone());
  }
};

SlowStep step(WallTime began, Duration span, std::string task) {
  return {.began = began, .ended = began + span, .task = std::move(task), .kind = "run", .place = "jobs/x.cpp:12"};
}

}  // namespace

TEST_CASE("a start that the loop delayed names the step that held it") {
  Record record;
  record.run(1, 4s, {}, 2ms);
  record.run(2, 3ms, {}, 2ms);
  record.steps = {step(due + 1min - 10s, 13900ms, "run hog"), step(due + 1min + 3900ms, 90ms, "other"),
                  step(due + 2min - 1s, 500ms, "not this one")};
  const auto slow = record.explained();
  REQUIRE(slow);
  CHECK(slow->looked_at == 2);
  REQUIRE(slow->starts.size() == 1);
  const LateStart& start = slow->starts[0];
  CHECK(start.run.run == 1);
  CHECK(start.late == 4002ms);
  CHECK(start.worst == StartPhase::admission);
  REQUIRE(start.held.size() == 2);
  CHECK(start.held[0].task == "run hog");  // by how much of it lies within the delay
  CHECK(start.sentence ==
        "Run 1, due at 2026-05-05 02:31:00 +00:00, was 4.002s late, 4s of it in admission: the loop was held for 13.9s "
        "by "
        "the task \"run hog\", from jobs/x.cpp:12, and by 1 more.");
  CHECK(slow->sentence == "The latest of the last 2 runs for a slot was 4.002s late.");
}

TEST_CASE("what a run waited for is told by its longest part") {
  Record record;
  record.run(1, 10s, {.queue = 6s, .precondition = 3s, .ledger = 0s}, 5ms);
  record.run(2, 10s, {.queue = 1s, .precondition = 8s, .ledger = 0s}, 5ms);
  record.run(3, 10s, {.queue = 1s, .precondition = 0s, .ledger = 8s}, 5ms);
  record.run(4, 1ms, {}, 3s);
  record.run(5, 2h, {}, 1ms, ledger::RunTrigger::catchup);
  record.run(6, 2s, {}, 1ms);
  const auto slow = record.explained({.job = "backup", .limit = 100});
  REQUIRE(slow);
  REQUIRE(slow->starts.size() == 6);  // the newest first
  CHECK_THAT(slow->starts[5].sentence, Contains("10.005s late, 6s of it in queue: it waited for its turn"));
  CHECK_THAT(slow->starts[4].sentence, Contains("8s of it in precondition: its precondition took so long"));
  CHECK_THAT(slow->starts[3].sentence, Contains("8s of it in ledger: its claim had to be durable"));
  CHECK_THAT(slow->starts[2].sentence, Contains("3s of it in launch: its process took so long"));
  CHECK_THAT(slow->starts[1].sentence, Contains("2h of it in admission: it was made up for"));
  CHECK_THAT(slow->starts[0].sentence, Contains("2s of it in admission: no single step held the loop"));
  CHECK(record.explained({.job = "backup", .limit = 2})->starts.size() == 2);
  CHECK(record.explained({.job = "backup", .over = 1h})->starts.size() == 1);
  record.known_since = due + 1h;
  CHECK_THAT(record.explained()->starts[0].sentence, Contains("forgotten: belfryd was started since"));
}

TEST_CASE("nothing was late, nothing is on record, a run by number, a run by hand") {
  Record record;
  CHECK_FALSE(record.explained());
  record.run(1, 3ms, {}, 2ms);
  record.run(2, 0s, {}, 1ms, ledger::RunTrigger::manual);
  CHECK(record.explained()->starts.empty());
  CHECK(record.explained()->sentence ==
        "None of the last 1 runs for a slot was more than 100ms late; the latest by 5ms.");
  REQUIRE(record.explained({.job = "backup", .run = 1})->starts.size() == 1);
  CHECK(record.explained({.job = "backup", .run = 1})->starts[0].late == 5ms);
  CHECK_THAT(record.explained({.job = "backup", .run = 2})->sentence, Contains("started by hand"));
  CHECK_FALSE(record.explained({.job = "other", .run = 1}));
  CHECK_FALSE(record.explained({.job = "backup", .run = 99}));
}

TEST_CASE("an explanation as JSON") {
  Record record;
  record.run(1, 4s, {.queue = 1s, .precondition = 0s, .ledger = 0s}, 250ms);
  record.steps = {step(due + 1min, 3s, "run hog")};
  const nlohmann::json start = view(*record.explained()).at("starts").at(0);
  CHECK(start.at("late_seconds") == 4.25);
  CHECK(start.at("worst") == "admission");
  CHECK(start.at("phases") ==
        nlohmann::json({{"admission", 3.0}, {"ledger", 0.0}, {"queue", 1.0}, {"precondition", 0.0}, {"launch", 0.25}}));
  CHECK(start.at("held_by").at(0) == nlohmann::json({{"task", "run hog"},
                                                     {"kind", "run"},
                                                     {"place", "jobs/x.cpp:12"},
                                                     {"began_at", "2026-05-05T02:31:00Z"},
                                                     {"seconds", 3.0}}));
}
