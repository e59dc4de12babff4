// The checks of `sla` beside a real engine on the manual clock.

#include "observe/sla_watch.hpp"

#include <catch2/catch.hpp>
#include <utility>

#include "async/thread_pool.hpp"
#include "engine/test_bed.hpp"
#include "support/async_fixture.hpp"

namespace belfry::observe {
namespace {

using namespace std::chrono_literals;
using namespace belfry::test;
using belfry::testing::run_async;
using belfry::testing::run_shuffled;
using engine::SlaBreached;
using engine::SlaCheck;
using engine::SlaMet;

/// An engine and its watch.
struct Watched {
  TestBed bed;
  RunHistory history{};  // what the ledger would tell
  std::map<std::string, std::size_t> asked{};
  SlaWatch watch{bed.events,
                 {.status = [this](const std::string& name) { return bed.engine.job(name); },
                  .history = [this](std::map<std::string, std::size_t> wanted) -> async::Task<RunHistory> {
                    asked.merge(wanted);
                    co_await async::yield();
                    co_return std::exchange(history, {});
                  }}};
  async::CancelScope watching;

  Watched() { watch.subscribe(); }

  /// Serves what `body` does with the engine under way, then drains.
  template <class Body>
  async::Task<> serve(Body body) {
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    async::JoinHandle<bool> watched = async::spawn(watching.run(watch.serve()), async::SpawnOptions("sla"));
    while (!bed.engine.serving()) co_await async::yield();
    co_await body();
    co_await bed.engine.drain(0s);
    watching.cancel();
    co_await std::move(watched).join();
    co_await std::move(serving).join();
  }

  template <class Fact>
  std::vector<Fact> told(SlaCheck check) const {
    std::vector<Fact> facts = bed.events_of<Fact>();
    std::erase_if(facts, [&](const Fact& fact) { return fact.check != check; });
    return facts;
  }
};

Job with(Job made, engine::SlaPolicy sla) {
  made.sla = sla;
  return made;
}

/// Fails as long as `works` is false.
std::shared_ptr<const engine::Action> as_told(const bool& works) {
  return std::make_shared<FunctionAction>([&works](const engine::Attempt&, engine::Report&) -> async::Task<Outcome> {
    co_return works ? Outcome::success : Outcome::failure;
  });
}

std::shared_ptr<const ledger::Resume> last_success(const std::string& name, WallTime at) {
  auto resume = std::make_shared<ledger::Resume>();
  ledger::JobTotals totals;
  totals.job = name;
  totals.last_success = at;
  resume->jobs.push_back(totals);
  return resume;
}

TEST_CASE("a job that does not succeed for too long is told, once, and when it succeeds again") {
  run_shuffled([]() -> async::Task<> {
    Watched lab;
    bool works = true;
    const WallTime start = async::Loop::current().wall_now();
    co_await lab.serve([&]() -> async::Task<> {
      lab.bed.engine.apply(
          catalog({with(job("backup", every(1h), as_told(works)), {.max_time_since_success = 150min})}));
      co_await async::sleep(61min);  // it succeeds at 13:00
      works = false;
      co_await async::sleep(148min);
      CHECK(lab.watch.breaches().empty());
      co_await async::sleep(3h);
      REQUIRE(lab.told<SlaBreached>(SlaCheck::max_time_since_success).size() == 1);
      const SlaBreached breach = lab.told<SlaBreached>(SlaCheck::max_time_since_success)[0];
      CHECK(breach.job == "backup");
      CHECK(breach.since == start + 1h + 150min);
      CHECK(breach.limit == 150min);
      CHECK(breach.value == 150min);  // told when the limit passed, not at the next slot
      CHECK(lab.watch.breaches("backup").size() == 1);
      CHECK(lab.watch.breaches("other").empty());
      works = true;
      co_await async::sleep(1h);
    });
    const auto met = lab.told<SlaMet>(SlaCheck::max_time_since_success);
    REQUIRE(met.size() == 1);
    CHECK(met[0].since == start + 1h + 150min);
    CHECK(met[0].value == 0s);
    CHECK(lab.watch.breaches().empty());
  });
}

TEST_CASE("the time since the last success survives a restart, and setting the clock is time") {
  run_async([]() -> async::Task<> {
    const WallTime start = async::Loop::current().wall_now();
    Watched lab;
    lab.bed.engine.resume(TestBed::past(last_success("backup", start - 25h)));
    co_await lab.serve([&]() -> async::Task<> {
      lab.bed.engine.apply(catalog({with(job("backup", nullptr), {.max_time_since_success = 26h}),
                                    with(job("stale", nullptr), {.max_time_since_success = 26h})}));
      co_await async::sleep(30min);
      CHECK(lab.watch.breaches().empty());
      testing::test_clock().advance_wall(40min);
      co_await async::yield();
      co_await async::sleep(1s);
      REQUIRE(lab.watch.breaches().size() == 1);
      CHECK(lab.watch.breaches()[0].job == "backup");
      CHECK(lab.watch.breaches()[0].since == start + 1h);
    });
  });
}

TEST_CASE("a job that never succeeded is measured from its declaration, which the ledger knows") {
  run_async([]() -> async::Task<> {
    const WallTime start = async::Loop::current().wall_now();
    Watched lab;
    auto resume = std::make_shared<ledger::Resume>();
    resume->declared.push_back({.job = "old", .fingerprint = "old", .at = start - 20h});
    resume->declared.push_back({.job = "edited", .fingerprint = "another", .at = start - 20h});
    lab.bed.engine.resume(TestBed::past(std::move(resume)));
    co_await lab.serve([&]() -> async::Task<> {
      lab.bed.engine.apply(catalog({with(job("old", nullptr), {.max_time_since_success = 26h}),
                                    with(job("edited", nullptr), {.max_time_since_success = 26h})}));
      co_await async::sleep(7h);
      REQUIRE(lab.watch.breaches().size() == 1);
      CHECK(lab.watch.breaches()[0].job == "old");
      CHECK(lab.watch.breaches()[0].since == start + 6h);
    });
  });
}

TEST_CASE("a slot that waits too long is late while it waits, until one starts in time") {
  run_shuffled([]() -> async::Task<> {
    Watched lab;
    const WallTime start = async::Loop::current().wall_now();
    auto busy = std::make_shared<Duration>(100min);
    Job slow =
        job("slow", every(1h),
            std::make_shared<FunctionAction>([busy](const engine::Attempt&, engine::Report&) -> async::Task<Outcome> {
              co_await async::sleep(std::exchange(*busy, 1min));
              co_return Outcome::success;
            }));
    slow.overlap = engine::Overlap::queue;
    co_await lab.serve([&]() -> async::Task<> {
      lab.bed.engine.apply(catalog({with(std::move(slow), {.late_after = 5min})}));
      co_await async::sleep(124min);  // 13:00 runs until 14:40; 14:00 waits for it
      CHECK(lab.watch.breaches().empty());
      co_await async::sleep(2min);
      REQUIRE(lab.told<SlaBreached>(SlaCheck::late_after).size() == 1);
      const SlaBreached breach = lab.told<SlaBreached>(SlaCheck::late_after)[0];
      CHECK_FALSE(breach.run);
      CHECK(breach.since == start + 2h + 5min);
      CHECK(breach.value == 5min);
      co_await async::sleep(50min);  // it started, 40 min late
      CHECK(lab.watch.breaches().size() == 1);
      co_await async::sleep(10min);  // 15:00 started in time
      CHECK(lab.watch.breaches().empty());
    });
    CHECK(lab.told<SlaBreached>(SlaCheck::late_after).size() == 1);
    const auto met = lab.told<SlaMet>(SlaCheck::late_after);
    REQUIRE(met.size() == 1);
    CHECK(met[0].value == 0s);
    CHECK(met[0].run);
  });
}

TEST_CASE("a slot that starts too late is late, whatever kept it") {
  run_async([]() -> async::Task<> {
    Watched lab;
    async::ManualClock& clock = testing::test_clock();
    co_await lab.serve([&]() -> async::Task<> {
      lab.bed.engine.apply(catalog({with(job("tick", every(1h)), {.late_after = 5min})}));
      co_await async::sleep(59min);
      clock.set_autojump(false);
      clock.advance(8min);  // as a loop that is stuck
      co_await testing::settle();
      clock.set_autojump(true);
      REQUIRE(lab.watch.breaches("tick").size() == 1);
      const SlaBreached breach = lab.watch.breaches("tick")[0];
      CHECK(breach.run);
      CHECK(breach.value == 7min);
    });
  });
}

TEST_CASE("a slot that is refused while it waits is late no more, and nothing is in time by that") {
  run_async([]() -> async::Task<> {
    Watched lab;
    Job slow = job("slow", every(1h), takes(10h));
    slow.overlap = engine::Overlap::queue;
    slow.queue_limit = 1;
    co_await lab.serve([&]() -> async::Task<> {
      lab.bed.engine.apply(catalog({with(std::move(slow), {.late_after = 5min})}));
      co_await async::sleep(2h + 1min);
      lab.bed.engine.apply(catalog({}, 2));  // its slot is closed as skipped(reloaded)
      co_await async::sleep(1h);
    });
    CHECK(lab.told<SlaBreached>(SlaCheck::late_after).empty());
  });
}

TEST_CASE("a run that takes too long is told and goes on; a clock that is set and a suspend do not make it older") {
  run_async([]() -> async::Task<> {
    Watched lab;
    co_await lab.serve([&]() -> async::Task<> {
      lab.bed.engine.apply(catalog({with(job("long", nullptr, takes(3h)), {.max_runtime = 1h})}));
      co_await async::sleep(1s);
      REQUIRE(lab.bed.engine.run_now("long"));
      co_await async::sleep(30min);
      testing::test_clock().advance_wall(2h);
      co_await async::sleep(1min);
      testing::test_clock().suspend(3h);
      co_await async::sleep(28min);
      CHECK(lab.watch.breaches().empty());
      co_await async::sleep(2min);
      REQUIRE(lab.watch.breaches().size() == 1);
      CHECK(lab.watch.breaches()[0].value == 1h);
      CHECK(lab.watch.breaches()[0].run);
      CHECK(lab.bed.engine.job("long")->running.size() == 1);
      co_await async::sleep(2h);
      CHECK(lab.watch.breaches().empty());
    });
    CHECK(lab.told<SlaMet>(SlaCheck::max_runtime).size() == 1);
    CHECK(lab.bed.ledger.all<ledger::RunEnded>()[0].outcome == Outcome::success);
  });
}

TEST_CASE("one run more than agreed within the time is a breach until they are spread again") {
  run_shuffled([]() -> async::Task<> {
    Watched lab;
    const WallTime start = async::Loop::current().wall_now();
    co_await lab.serve([&]() -> async::Task<> {
      lab.bed.engine.apply(
          catalog({with(job("busy", nullptr), {.too_often = engine::StartLimit{.count = 2, .within = 10min}})}));
      co_await async::sleep(1s);
      for (int i = 0; i < 2; ++i) {
        lab.bed.engine.run_now("busy");
        co_await async::sleep(4min);
      }
      CHECK(lab.watch.breaches().empty());
      lab.bed.engine.run_now("busy");
      co_await async::sleep(1s);
      REQUIRE(lab.watch.breaches().size() == 1);
      CHECK(lab.watch.breaches()[0].value == 8min);
      CHECK(lab.watch.breaches()[0].count == 2);
      CHECK(lab.watch.breaches()[0].since == start + 8min + 1s);
      co_await async::sleep(2min - 2s);
      CHECK(lab.watch.breaches().size() == 1);
      co_await async::sleep(2s);  // by itself
      CHECK(lab.watch.breaches().empty());
    });
    CHECK(lab.told<SlaBreached>(SlaCheck::too_often).size() == 1);
    CHECK(lab.asked.at("busy") == 3);
  });
}

std::vector<ledger::RunSpan> ended_before(WallTime now, std::size_t runs, Duration took) {
  std::vector<ledger::RunSpan> spans;
  for (std::size_t i = 0; i < runs; ++i) {
    const WallTime started = now - 24h * static_cast<int>(i + 1);
    spans.push_back({.run = -static_cast<ledger::RunId>(i) - 1, .started_at = started, .ended_at = started + took});
  }
  return spans;
}

TEST_CASE("runs that take longer than the ledger remembers are told") {
  run_async([]() -> async::Task<> {
    Watched lab;
    lab.history["import"] = ended_before(async::Loop::current().wall_now(), 30, 10min);
    co_await lab.serve([&]() -> async::Task<> {
      lab.bed.engine.apply(catalog({with(job("import", nullptr, takes(16min)), {.duration_regression = 0.5}),
                                    with(job("plain", nullptr), {.max_runtime = 1h})}));
      co_await async::sleep(1s);
      for (int i = 0; i < 3; ++i) {
        CHECK(lab.watch.breaches().empty());
        lab.bed.engine.run_now("import");
        co_await async::sleep(20min);
      }
      REQUIRE(lab.watch.breaches().size() == 1);
      CHECK(lab.watch.breaches()[0].value == 16min);
      CHECK(lab.watch.breaches()[0].limit == 15min);
    });
    CHECK_FALSE(lab.asked.contains("plain"));  // its checks need no history
  });
}

TEST_CASE("a reload changes the checks of a job, and keeps what is known of it") {
  run_async([]() -> async::Task<> {
    Watched lab;
    const auto generation = [](std::uint64_t number, engine::SlaPolicy sla, bool enabled = true) {
      Job made = with(job("backup", nullptr, takes(10h)), sla);
      made.fingerprint = std::to_string(number);
      made.enabled = enabled;
      return catalog({std::move(made)}, number);
    };
    co_await lab.serve([&]() -> async::Task<> {
      lab.bed.engine.apply(generation(1, {}));
      co_await async::sleep(1s);
      lab.bed.engine.run_now("backup");
      co_await async::sleep(2h);
      lab.bed.engine.apply(generation(2, {.max_runtime = 1h}));  // the run began before anybody looked
      co_await async::sleep(1s);
      REQUIRE(lab.watch.breaches().size() == 1);
      CHECK(lab.watch.breaches()[0].value == 2h);
      lab.bed.engine.apply(generation(3, {.max_runtime = 3h}));
      CHECK(lab.watch.breaches().empty());
      co_await async::sleep(1h);
      CHECK(lab.watch.breaches().size() == 1);
      lab.bed.engine.apply(generation(4, {}));
      CHECK(lab.watch.breaches().empty());
      lab.bed.engine.apply(generation(5, {.max_time_since_success = 1h}, false));
      co_await async::sleep(2h);
      CHECK(lab.watch.breaches().empty());  // a disabled job is not expected to succeed
      lab.bed.engine.apply(generation(6, {.max_time_since_success = 1h}));
      co_await async::sleep(1h + 1s);
      CHECK(lab.watch.breaches().size() == 1);
    });
    CHECK(lab.told<SlaMet>(SlaCheck::max_runtime).size() == 2);
  });
}

TEST_CASE("a job that never succeeded is measured anew when it is declared anew, and nobody is told of the old") {
  run_async([]() -> async::Task<> {
    Watched lab;
    const auto generation = [](std::uint64_t number, ledger::Duration limit) {
      Job made = with(job("backup", nullptr, takes(10h)), {.max_time_since_success = limit});
      made.fingerprint = std::to_string(number);
      return catalog({std::move(made)}, number);
    };
    co_await lab.serve([&]() -> async::Task<> {
      lab.bed.engine.apply(generation(1, 10h));
      co_await async::sleep(2h);
      lab.bed.engine.apply(generation(2, 1h));
      co_await async::sleep(59min);
      CHECK(lab.told<SlaBreached>(SlaCheck::max_time_since_success).empty());
      co_await async::sleep(2min);
      CHECK(lab.told<SlaBreached>(SlaCheck::max_time_since_success).size() == 1);
      CHECK(lab.told<SlaMet>(SlaCheck::max_time_since_success).empty());
    });
  });
}

TEST_CASE("a thousand jobs that are watched wake nobody up until a limit passes") {
  run_async([]() -> async::Task<> {
    Watched lab;
    std::vector<Job> jobs;
    for (int i = 0; i < 1000; ++i) {
      jobs.push_back(with(job("job" + std::to_string(i), every(24h)),
                          {.max_time_since_success = 26h, .late_after = 5min, .max_runtime = 1h}));
    }
    co_await lab.serve([&]() -> async::Task<> {
      lab.bed.engine.apply(catalog(std::move(jobs)));
      co_await async::sleep(1min);
      const std::uint64_t before = async::Loop::current().stats().iterations;
      co_await async::sleep(1h);
      const std::uint64_t turns = async::Loop::current().stats().iterations - before;
      CHECK(turns <= 3);  // ours
    });
  });
}

}  // namespace
}  // namespace belfry::observe
