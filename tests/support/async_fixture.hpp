// The fixture of asynchronous tests: runs a coroutine as the body of a Catch2 case on a loop of its own, and fails when
// it leaves a task or an open handle behind.
//
//   run_async([&]() -> Task<> {                 // manual clock: an hour's sleep takes no time
//     co_await sleep(1h);
//   });
//   run_shuffled([&]() -> Task<> { ... });      // 20 times, each with another order of ready tasks
//   run_real([&]() -> Task<> { ... });          // the system's clock: for tests of lib/io
//
// A failure under run_shuffled prints its seed; BELFRY_TEST_SEED=<seed> runs the case with that one only.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "async/census.hpp"
#include "async/clock.hpp"
#include "async/loop.hpp"
#include "async/run.hpp"
#include "async/sleep.hpp"
#include "async/task.hpp"
#include "async/task_tree.hpp"

namespace belfry::testing {

/// The manual clock of the running test.
inline async::ManualClock& test_clock() { return *async::Loop::current().clock().manual(); }

/// Lets everything run that can run without time passing: three turns of the loop, or more than 20 batches.
inline async::Task<> settle() {
  const async::Loop& loop = async::Loop::current();
  const std::uint64_t end = loop.stats().iterations + 3;
  for (int batch = 0; batch < 20 || loop.stats().iterations < end; ++batch) co_await async::yield();
}

namespace detail {

template <class Body>
async::Task<> checked(Body& body) {
  co_await body();
  co_await settle();  // tasks that were cancelled at the end may finish their clean-up
  const std::vector<async::TaskInfo> left = async::all_tasks(async::Loop::current());
  INFO("tasks left behind:\n" << async::task_tree(left));
  CHECK(left.size() == 1);  // the test itself
}

template <class Body>
void run_on(async::Loop& loop, Body& body) {
  async::run(loop, checked(body));
  loop.close();  // throws when a handle is open
}

}  // namespace detail

/// Runs the body under a ManualClock that jumps to the next deadline when nothing else is left to do.
template <class Body>
void run_async(Body&& body, async::LoopOptions options = async::LoopOptions()) {
  async::ManualClock clock;
  async::Loop loop(options.clock(clock));
  detail::run_on(loop, body);
}

/// Runs the body several times under a ManualClock, each time with another order of ready tasks.
template <class Body>
void run_shuffled(Body&& body, std::uint64_t times = 20) {
  const char* const wanted = std::getenv("BELFRY_TEST_SEED");
  const std::uint64_t first = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 1;
  const std::uint64_t last = wanted != nullptr ? first : times;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    INFO("to replay this order: BELFRY_TEST_SEED=" << seed);
    async::ManualClock clock;
    async::Loop loop(async::LoopOptions().clock(clock).shuffle_seed(seed));
    detail::run_on(loop, body);
  }
}

/// Runs the body under the system's clock. Wait for named events in it, never for time.
template <class Body>
void run_real(Body&& body) {
  async::Loop loop;
  detail::run_on(loop, body);
}

}  // namespace belfry::testing
