// Jobs that files set going: what their watch notices goes the road of all slots.
#include "engine/watch.hpp"

#include <catch2/catch.hpp>

#include "engine/test_bed.hpp"
#include "support/async_fixture.hpp"

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;
using engine::WatchedFiles;
using ledger::RunTrigger;
using ledger::SlotReason;
using ledger::SlotResult;

namespace {

Job inbox(std::shared_ptr<const engine::Action> action = takes(1min)) {
  Job made = job("inbox", nullptr, std::move(action));
  made.watch = std::make_shared<const engine::Watch>(engine::Watch{.paths = {"/in/*"}, .exclude = {}, .rescan = {}});
  return made;
}

std::shared_ptr<const WatchedFiles> files(std::vector<std::string> paths) {
  const std::uint64_t count = paths.size();
  return std::make_shared<const WatchedFiles>(WatchedFiles{.paths = std::move(paths), .count = count});
}

/// Serves the jobs, and lets `body` notice files.
async::Task<> serve(TestBed& bed, std::vector<Job> jobs, std::function<async::Task<>()> body) {
  async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
  while (!bed.engine.serving()) co_await async::yield();
  bed.engine.apply(catalog(std::move(jobs)));
  co_await body();
  co_await bed.engine.drain(1h);
  co_await std::move(serving).join();
}

}  // namespace

TEST_CASE("what a watch notices is a slot, and its run is told the files at every attempt", "[watch]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    std::vector<std::vector<std::string>> told;
    Job job = inbox(
        std::make_shared<FunctionAction>([&](const engine::Attempt& attempt, engine::Report&) -> async::Task<Outcome> {
          told.push_back(attempt.files == nullptr ? std::vector<std::string>{} : attempt.files->paths);
          co_return attempt.number == 1 ? Outcome::failure : Outcome::success;
        }));
    job.retry.limit = 1;
    co_await serve(bed, {job}, [&]() -> async::Task<> {
      const auto slot = bed.engine.notice("inbox", files({"/in/a", "/in/b"}));
      REQUIRE(slot);
      co_await async::sleep(1h);
      const auto runs = bed.ledger.all<ledger::RunStarted>();
      REQUIRE(runs.size() == 1);
      CHECK(runs[0].trigger == RunTrigger::watch);
      CHECK(runs[0].scheduled_at == slot);
      CHECK(bed.engine.run_now("inbox"));
      co_await async::sleep(1h);
    });
    const std::vector<std::string> both{"/in/a", "/in/b"};
    CHECK(told == std::vector<std::vector<std::string>>{both, both, {}, {}});  // by hand it is about no file
    CHECK(bed.slots(SlotResult::started).size() == 1);
  });
}

TEST_CASE("a slot of a watch is refused as any other one", "[watch]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    co_await serve(bed, {inbox()}, [&]() -> async::Task<> {
      const auto first = bed.engine.notice("inbox", files({"/in/a"}));
      const auto second = bed.engine.notice("inbox", files({"/in/b"}));
      CHECK(first < second);  // each has an instant of its own, also at once
      CHECK(bed.slots(SlotResult::skipped).at(0).reason == SlotReason::overlap);
      co_await async::sleep(2min);
      CHECK(bed.engine.pause("inbox", "", "me"));
      bed.engine.notice("inbox", files({"/in/c"}));
      CHECK(bed.slots(SlotResult::skipped).at(1).reason == SlotReason::paused);
    });
    CHECK(bed.slots_closed() == 3);
    CHECK(!bed.engine.notice("inbox", files({"/in/d"})));  // intake has stopped
    CHECK(bed.slots_closed() == 3);
  });
}

TEST_CASE("only a job that is enabled and has a watch can notice", "[watch]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job off = inbox();
    off.enabled = false;
    co_await serve(bed, {off, job("other", every(48h))}, [&]() -> async::Task<> {
      CHECK(!bed.engine.notice("inbox", files({"/in/a"})));
      CHECK(!bed.engine.notice("other", files({"/in/a"})));
      CHECK(!bed.engine.notice("nobody", files({"/in/a"})));
      co_return;
    });
    CHECK(bed.slots_closed() == 0);
  });
}

TEST_CASE("with depends_on a watch is gated by how those jobs ended last, and not driven by them", "[watch]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job gated = inbox();
    gated.depends_on = {{.job = "ready"}};
    co_await serve(bed, {gated, job("ready", nullptr)}, [&]() -> async::Task<> {
      bed.engine.notice("inbox", files({"/in/a"}));
      CHECK(bed.slots(SlotResult::skipped).at(0).reason == SlotReason::dependency);
      CHECK(bed.engine.run_now("ready"));
      co_await async::sleep(1min);
      CHECK(bed.slots_closed() == 1);
      bed.engine.notice("inbox", files({"/in/a"}));
      CHECK(bed.slots(SlotResult::started).size() == 1);
    });
  });
}

TEST_CASE("files are answered for since the last run, before the first since the job is declared", "[watch]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    co_await serve(bed, {inbox()}, [&]() -> async::Task<> {
      const auto declared = async::Loop::current().wall_now();
      co_await async::sleep(1h);
      CHECK(bed.engine.unanswered_since("inbox") == declared);
      const auto slot = bed.engine.notice("inbox", files({"/in/a"}));
      CHECK(bed.engine.unanswered_since("inbox") == slot);
    });
  });
}

TEST_CASE("a watch is told in words", "[watch]") {
  engine::Watch watch{.paths = {"/a", "/b"}, .exclude = {}, .rescan = {}};
  CHECK(describe(watch) == "when a file that matches /a or /b appears or changes");
  watch.on_change = false;
  watch.paths = {"/a", "/b", "/c", "/d", "/e"};
  CHECK(describe(watch) == "when a file that matches /a or /b or /c or 2 more appears");
}
