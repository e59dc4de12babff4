// A year in no time: under a manual clock the loop jumps to the next deadline when nothing else is left to do.
#include <async/clock.hpp>
#include <async/loop.hpp>
#include <async/periodic.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <async/timeout.hpp>
#include <chrono>
#include <iostream>

namespace async = belfry::async;
using namespace std::chrono_literals;

async::Task<> year() {
  int days = 0;
  auto count = [&]() -> async::Task<> {
    ++days;
    co_return;
  };
  co_await async::move_on_after(365 * 24h + 1h, async::periodic(24h, count));
  std::cout << days << " days\n";
}

int main() {
  async::ManualClock clock;
  async::Loop loop(async::LoopOptions().clock(clock).shuffle_seed(17));  // another order of ready tasks, replayable
  async::run(loop, year());
  loop.close();  // throws if something was left open
}
