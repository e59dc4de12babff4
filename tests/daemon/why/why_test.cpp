// What is said about a slot: a real ledger, a job, and the question.
#include "daemon/why/why.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "daemon/why/why_view.hpp"
#include "ledger/ledger_fixture.hpp"
#include "time/schedule.hpp"

using namespace belfry;
using namespace belfry::daemon;
using namespace belfry::ledger;
using namespace belfry::ledger::test;

namespace {

/// A job due at 02:30 in Berlin, which is 01:30 UTC in winter.
std::shared_ptr<engine::Job> nightly(const std::string& schedule = "30 2 * * *") {
  auto job = std::make_shared<engine::Job>();
  job->name = "backup";
  job->timezone = "Europe/Berlin";
  job->trigger = time::parse_schedule(schedule, {.zone = *time::Zone::load(job->timezone)}).value();
  return job;
}

constexpr Duration due = 24h + 90min;  // 2026-01-02 02:30 CET

struct Bed {
  TempLedger ledger;
  std::shared_ptr<engine::Job> job = nightly();
  Duration now = 48h;
  std::size_t queued = 0;
  std::vector<engine::WaitingRun> waiting;

  Bed() {
    ledger.write(DaemonMark{.what = DaemonMark::What::started, .at = at(1h)});
    ledger.write(GenerationApplied{.generation = 1, .at = at(1h), .fingerprint = "f", .jobs = 1});
    ledger.write(JobDeclared{.job = "backup", .fingerprint = "f", .at = at(1h)});
  }

  void closed(SlotResult result, SlotReason reason, std::optional<RunId> run = std::nullopt) const {
    ledger.write(SlotClosed{.job = "backup",
                            .scheduled_at = at(due),
                            .last_scheduled_at = at(due),
                            .count = 1,
                            .result = result,
                            .reason = reason,
                            .run = run,
                            .closed_at = at(due + 1ms)});
  }
  void ran(RunId id, Duration start, Duration end, RunTrigger trigger = RunTrigger::schedule) const {
    ledger.write(
        RunStarted{.run = id, .job = "backup", .trigger = trigger, .scheduled_at = at(due), .started_at = at(start)});
    RunEnded ended = run_end("backup", due, id, Outcome::success);
    ended.trigger = trigger;
    ended.started_at = at(start);
    ended.ended_at = at(end);
    ledger.write(ended);
  }

  std::optional<Why> ask(std::optional<WallTime> when = std::nullopt, const std::string& skipped = "") const {
    ledger.sync();
    WhyQuestion question{.job = "backup",
                         .at = when,
                         .skipped_time = skipped,
                         .declared = job,
                         .status = engine::JobStatus{},
                         .waiting = waiting,
                         .generation = 1,
                         .now = at(now)};
    question.status->queued = queued;
    const auto reader = ledger.reader();
    const auto facts = gather(std::move(question), *reader);
    return facts ? std::optional(explain(*facts)) : std::nullopt;
  }
  std::string sentence(std::optional<WallTime> when = at(due)) const { return ask(when)->sentence; }
};

std::string deciding(const Why& why) {
  std::string links;
  for (const WhyLink& link : why.chain) {
    if (link.decides) links += link.what;
  }
  return links;
}

std::string text_of(const Why& why, std::string_view what) {
  for (const WhyLink& link : why.chain) {
    if (link.what == what) return link.text;
  }
  return "(none)";
}

}  // namespace

TEST_CASE("a slot that ran, on time, late, or not yet to its end", "[why]") {
  Bed bed;
  bed.closed(SlotResult::started, SlotReason::none, 17);
  SECTION("on time") {
    bed.ran(17, due + 8ms, due + 5min);
    const Why why = *bed.ask();  // the most recent slot
    CHECK(why.at == at(due));
    CHECK(why.sentence == "It ran: run 17, success, on time.");
    CHECK(why.ran == true);
    CHECK_THAT(text_of(why, "schedule"),
               Catch::Contains("Europe/Berlin") && Catch::EndsWith("2026-01-02 02:30 CET is a slot"));
    CHECK(text_of(why, "configuration") == "generation 1 was in force since 2026-01-01 02:00 CET");
    CHECK(text_of(why, "daemon") == "belfryd was running since 2026-01-01 02:00 CET");
    CHECK(deciding(why) == "record");
  }
  SECTION("late, behind another run") {
    bed.ran(16, due - 1h, due + 4s);
    bed.ran(17, due + 4s, due + 5min);
    CHECK(bed.sentence() ==
          "It ran: run 17, success, 4 seconds late because it waited for run 16, which started at 2026-01-02 01:30 CET "
          "and ended in success at 2026-01-02 02:30:04 CET.");
  }
  SECTION("late, for its group") {
    bed.job->group = engine::GroupUse{.name = "db"};
    bed.ran(17, due + 90s, due + 5min);
    CHECK_THAT(bed.sentence(),
               Catch::EndsWith("1 minute 30 seconds late because it waited for its place in the group \"db\"."));
  }
  SECTION("under way") {
    bed.ledger.write(RunStarted{.run = 17, .job = "backup", .scheduled_at = at(due), .started_at = at(due)});
    CHECK(bed.sentence() == "It runs: run 17, under way, on time.");
  }
  SECTION("forgotten") {
    CHECK_THAT(bed.sentence(), Catch::StartsWith("It ran: run 17, of which the ledger keeps no more"));
  }
}

TEST_CASE("each reason has its sentence, with who, what and since when", "[why]") {
  Bed bed;
  const auto because = [&](SlotReason reason, SlotResult result = SlotResult::skipped) {
    bed.closed(result, reason, result == SlotResult::coalesced ? std::optional<RunId>(18) : std::nullopt);
    const Why why = *bed.ask(at(due));
    CHECK(why.ran == false);
    const std::string begin =
        result == SlotResult::coalesced
            ? "It did not run by itself at 2026-01-02 02:30 CET, but was folded into run 18, because "
            : "It did not run at 2026-01-02 02:30 CET because ";
    CHECK_THAT(why.sentence, Catch::StartsWith(begin));
    return deciding(why) + ": " + why.sentence.substr(begin.size());
  };
  SECTION("paused") {
    bed.ledger.write(PauseChanged{.job = "backup", .paused = true, .reason = "disk", .by = "anna", .at = at(20h)});
    CHECK(because(SlotReason::paused) == "pause: it was paused by anna since 2026-01-01 21:00 CET (disk).");
  }
  SECTION("overlap") {
    bed.ran(16, due - 24h, due + 1h);
    CHECK(because(SlotReason::overlap) ==
          "overlap: run 16, which started at 2026-01-01 02:30 CET and ended in success at 2026-01-02 03:30 CET, was "
          "still "
          "under way, and concurrency_policy is forbid.");
  }
  SECTION("down") {
    bed.ledger.write(DaemonMark{.what = DaemonMark::What::stopped, .at = at(20h)});
    bed.ledger.write(DaemonMark{.what = DaemonMark::What::started, .at = at(30h)});
    CHECK(because(SlotReason::down, SlotResult::missed) ==
          "daemon: belfryd was down: it had stopped at 2026-01-01 21:00 CET and was started again at 2026-01-02 07:00 "
          "CET.");
  }
  SECTION("killed") {
    bed.ledger.write(DaemonMark{.what = DaemonMark::What::started, .at = at(30h)});
    CHECK(because(SlotReason::down, SlotResult::coalesced) ==
          "daemon: belfryd, started at 2026-01-01 02:00 CET, ended without a word, and was started again at 2026-01-02 "
          "07:00 CET.");
  }
  SECTION("suspended") {
    bed.ledger.write(ClockJumped{.at = at(due + 1h), .step = 8h, .what = ClockJumped::What::suspend});
    CHECK(because(SlotReason::suspend, SlotResult::missed) ==
          "clock: the machine slept for 8h, until 2026-01-02 03:30 CET.");
  }
  SECTION("clock set") {
    bed.ledger.write(ClockJumped{.at = at(due + 10min), .step = 1h});
    CHECK(because(SlotReason::clock_jump, SlotResult::missed) ==
          "clock: the clock was set forward by 1h, to 2026-01-02 02:40 CET.");
  }
  SECTION("breaker") {
    bed.ledger.write(BreakerChanged{.job = "backup", .open = true, .at = at(20h), .why = "5 failures in a row"});
    CHECK(because(SlotReason::breaker) == "breaker: its circuit breaker was open: 5 failures in a row.");
  }
  SECTION("dependency") {
    bed.job->depends_on = {{.job = "extract", .on = engine::DependencyEnd::success}};
    CHECK(because(SlotReason::dependency) ==
          "record: a job that it depends on had not ended as it must: extract (success).");
  }
  SECTION("deadline") {
    bed.job->starting_deadline = 5min;
    CHECK(because(SlotReason::deadline) == "record: it could not be started within its starting_deadline of 5m.");
  }
  SECTION("all others have words, too") {
    for (const SlotReason reason :
         {SlotReason::shutdown, SlotReason::cancelled, SlotReason::reloaded, SlotReason::holiday, SlotReason::group,
          SlotReason::rate, SlotReason::precondition, SlotReason::last_failed, SlotReason::replaced,
          SlotReason::overload, SlotReason::catchup_limit, SlotReason::in_doubt}) {
      Bed fresh;
      fresh.closed(SlotResult::skipped, reason);
      CHECK_THAT(fresh.sentence(), !Catch::Contains("no reason is on record"));
    }
  }
}

TEST_CASE("an instant that is no slot, is to come, or is past the declaration", "[why]") {
  Bed bed;
  CHECK(
      bed.sentence(at(due + 1min)) ==
      "It did not run at 2026-01-02 02:31 CET because it was not due then; the slot before it was 2026-01-02 02:30 CET "
      "(--at tells about it).");
  CHECK(bed.sentence(at(due + 48h)) == "2026-01-04 02:30 CET is to come: it is due then.");
  CHECK(bed.sentence(at(due + 48h + 1s)) == "2026-01-04 02:30:01 CET is to come: it is not due then.");

  bed.ledger.write(JobDeclared{.job = "backup", .fingerprint = "g", .at = at(30h)});
  const Why edited = *bed.ask(at(due));
  CHECK_THAT(edited.sentence, Catch::Contains("declared so only since 2026-01-02 07:00 CET"));
  CHECK(deciding(edited) == "configuration");

  bed.ran(12, due + 30h, due + 31h, RunTrigger::manual);
  bed.now = due + 40h;
  CHECK_THAT(bed.sentence(at(due + 30h + 1s)), Catch::StartsWith("It was not due at") && Catch::Contains("but run 12"));
}

TEST_CASE("a slot of which nothing is on record", "[why]") {
  Bed bed;
  CHECK_THAT(bed.sentence(), Catch::StartsWith("Nothing is on record about 2026-01-02 02:30 CET"));
  bed.queued = 1;
  CHECK(bed.sentence() == "It has not run yet: it is waiting for its turn.");
  bed.waiting = {
      {.run = 5, .job = "backup", .scheduled_at = at(due), .waits_for = engine::WaitsFor::budget, .since = at(40h)}};
  CHECK_THAT(bed.sentence(),
             Catch::StartsWith("It has not run yet: since 2026-01-02 17:00 CET it waits for the catch-up budget"));
  bed.waiting.clear();
  bed.queued = 0;
  bed.ledger.write(started_slot("backup", due + 24h, 18));
  CHECK_THAT(bed.sentence(), Catch::Contains("history.keep_slots"));
}

TEST_CASE("the night of the gap: the time that there was not is named", "[why]") {
  Bed bed;
  const WallTime gap = std::chrono::sys_days(std::chrono::year{2026} / 3 / 29) + 1h;
  bed.now = gap - at(0s) + 24h;
  bed.ledger.write(
      SlotClosed{.job = "backup", .scheduled_at = gap, .last_scheduled_at = gap, .run = 40, .closed_at = gap});
  const Why why = *bed.ask(gap, "02:30");
  CHECK_THAT(text_of(why, "clock change"), Catch::Contains("set forward from 02:00 to 03:00: there was no 02:30"));
  CHECK_THAT(text_of(why, "schedule"), Catch::Contains("2026-03-29 03:00 CEST is a slot"));
}

TEST_CASE("jobs without a schedule, disabled ones, removed ones and unknown ones", "[why]") {
  Bed bed;
  bed.job->trigger = nullptr;
  CHECK_THAT(text_of(*bed.ask(), "schedule"), Catch::StartsWith("the job has no schedule"));
  bed.job = nightly();
  bed.job->enabled = false;
  CHECK_THAT(text_of(*bed.ask(at(due)), "schedule"), Catch::StartsWith("the job is disabled"));
  bed.job = nullptr;
  CHECK_FALSE(bed.ask());
  bed.closed(SlotResult::skipped, SlotReason::holiday);
  CHECK_THAT(bed.ask()->sentence, Catch::StartsWith("It did not run at 2026-01-02 01:30 UTC"));  // of no zone any more
}

TEST_CASE("an entry for many slots is about each of them, and about nothing between them", "[why]") {
  Bed bed;
  bed.job = nightly("0 * * * *");
  bed.ledger.write(SlotClosed{.job = "backup",
                              .scheduled_at = at(20h),
                              .last_scheduled_at = at(30h),
                              .count = 11,
                              .result = SlotResult::missed,
                              .reason = SlotReason::down,
                              .run = std::nullopt,
                              .closed_at = at(31h)});
  const Why why = *bed.ask(at(25h));
  CHECK_THAT(why.sentence, Catch::StartsWith("It did not run at 2026-01-02 02:00 CET because belfryd was not running"));
  CHECK_THAT(text_of(why, "record"), Catch::StartsWith("missed(down); one entry for 11 slots"));
  CHECK_THAT(bed.sentence(at(25h + 1min)), Catch::Contains("because it was not due then"));
  CHECK(view(why).at("count") == 11);
  CHECK(view(why).at("chain").size() == why.chain.size());
}
