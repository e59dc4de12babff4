// How far a run has come: what its action tells, and what observers hear of it.
#include "engine/progress.hpp"

#include <catch2/catch.hpp>

#include "engine/test_bed.hpp"
#include "support/async_fixture.hpp"

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;

namespace {

async::Task<> serve(TestBed& bed, std::vector<Job> jobs, std::function<async::Task<>()> body) {
  async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
  while (!bed.engine.serving()) co_await async::yield();
  bed.engine.apply(catalog(std::move(jobs)));
  co_await body();
  co_await bed.engine.drain(2h);
  co_await std::move(serving).join();
}

}  // namespace

TEST_CASE("progress is told to observers once a second at most, and shown as it is", "[progress]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    const auto action =
        std::make_shared<FunctionAction>([](const engine::Attempt&, engine::Report& report) -> async::Task<Outcome> {
          for (std::uint64_t done = 0; done < 50; ++done) {
            report.progress({.files = done, .bytes = 2 * done, .files_total = 100, .bytes_total = 200});
            co_await async::sleep(100ms);
          }
          co_await async::sleep(1h);
          co_return Outcome::success;
        });
    co_await serve(bed, {job("copy", nullptr, action)}, [&]() -> async::Task<> {
      const auto run = bed.engine.run_now("copy");
      REQUIRE(run);
      co_await async::sleep(1min);
      const auto told = bed.events_of<engine::RunProgressed>();
      REQUIRE(told.size() == 5);
      CHECK(told[1].progress.files == 10);
      CHECK(told[1].run == *run);
      const auto active = bed.engine.active_run(*run);
      REQUIRE(active);
      REQUIRE(active->progress);
      CHECK(active->progress->files == 49);
      CHECK(active->progress->share() == 0.49);
    });
  });
}

TEST_CASE("a share is told of bytes, else of files, and never more than all", "[progress]") {
  using engine::Progress;
  CHECK(!Progress{.files = 3, .bytes = 4}.share());
  CHECK(Progress{.files = 1, .bytes = 5, .files_total = 4}.share() == 0.25);
  CHECK(Progress{.files = 1, .bytes = 5, .files_total = 4, .bytes_total = 10}.share() == 0.5);
  CHECK(Progress{.files = 1, .bytes = 0, .files_total = 4, .bytes_total = 0}.share() == 0.25);
  CHECK(Progress{.files = 0, .bytes = 20, .bytes_total = 10}.share() == 1.0);  // it grew meanwhile
}
