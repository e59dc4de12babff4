#include "observe/slow_steps.hpp"

#include <catch2/catch.hpp>

#include "async/loop.hpp"
#include "async/run.hpp"

namespace belfry::observe {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a step that held the loop is remembered with its task, and everything is passed on") {
  async::ManualClock clock;
  SlowSteps steps([&] { return clock.wall_now(); });
  int told = 0;
  async::Loop loop(async::LoopOptions().clock(clock).slow_step(1ns).on_complaint(
      steps.noting([&](const async::Complaint&) { ++told; })));
  async::run(loop, []() -> async::Task<> { co_return; }());
  loop.close();
  const auto all = steps.between(clock.wall_now() - 1h, clock.wall_now() + 1h);
  REQUIRE_FALSE(all.empty());
  CHECK(std::cmp_less_equal(all.size(), told));
  CHECK(all[0].ended == clock.wall_now());
  CHECK(all[0].began < all[0].ended);
  CHECK(steps.between(clock.wall_now(), clock.wall_now() + 1h).empty());
  CHECK(steps.between(clock.wall_now() - 2h, clock.wall_now() - 1h).empty());
}

TEST_CASE("only slow steps are kept, and no more than the newest ones") {
  engine::WallTime now(1'000s);
  SlowSteps steps([&] { return now; });
  const async::ComplaintHook hook = steps.noting([](const async::Complaint&) {});
  async::Complaint complaint;
  complaint.kind = async::ComplaintKind::stalled;
  hook(complaint);
  complaint.kind = async::ComplaintKind::slow_step;
  complaint.lasted = 500ms;
  for (std::size_t i = 0; i < SlowSteps::most + 10; ++i) {
    now += 1s;
    complaint.task = std::to_string(i);
    hook(complaint);
  }
  const auto all = steps.between(engine::WallTime(0s), now);
  REQUIRE(all.size() == SlowSteps::most);
  CHECK(all.front().task == "10");
  CHECK(all.back().ended - all.back().began == 500ms);
  CHECK(all.back().kind == "callback");
}

}  // namespace
}  // namespace belfry::observe
