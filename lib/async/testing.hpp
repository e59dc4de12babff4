// The fixture of asynchronous tests, for belfry's and for yours: runs a coroutine as the body of a Catch2 case (version
// 2 or 3) on a loop of its own. The case fails when the body leaves a task or an open handle behind, when the loop does
// not close, or when it takes longer than 100 s; then it shows the tasks, and who waits for whom in a circle.
//
//   TEST_CASE("a sleep of an hour ends") {
//     run_async([&]() -> Task<> {               // manual clock: an hour's sleep takes no time
//       co_await sleep(1h);
//     });
//   }
//   run_shuffled([&]() -> Task<> { ... });      // 20 times, each with another order of ready tasks
//   run_real([&]() -> Task<> { ... });          // the system's clock: for what talks to the world
//
// A failure under run_shuffled prints its seed; BELFRY_TEST_SEED=<seed> runs the case with that one only.
// BELFRY_TEST_SECONDS=<n> is another limit of time.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "async/cancel.hpp"
#include "async/census.hpp"
#include "async/clock.hpp"
#include "async/deadlock.hpp"
#include "async/loop.hpp"
#include "async/no_signals.hpp"
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

inline std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// Cancels a body that takes too long, after a look at what it is doing. Outlives the loop's run.
class TimeLimit {
 public:
  TimeLimit() = default;
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
  ~TimeLimit() { end(); }

  /// Loop thread.
  void begin(async::CancelScope& scope) {
    scope_ = &scope;
    const async::NoSignals quiet;  // tests of signals want them for themselves
    thread_ = std::thread([this, &loop = async::Loop::current()] { wait(loop); });
  }
  /// Loop thread, or after the loop's run: the scope is gone.
  void end() noexcept {
    scope_ = nullptr;
    {
      const std::scoped_lock lock(mutex_);
      ended_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }
  /// What the tasks were doing when the time was over.
  const std::string& report() const noexcept { return report_; }

 private:
  void wait(async::Loop& loop) {
    const std::chrono::seconds limit(number_from_environment("BELFRY_TEST_SECONDS", 100));
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, limit, [this] { return ended_; })) return;
    loop.call_soon_threadsafe([this, &loop] { stop(loop); });
  }
  void stop(const async::Loop& loop) {
    if (scope_ == nullptr) return;
    const std::vector<async::TaskInfo> tasks = async::all_tasks(loop);
    report_ = async::task_tree(tasks);
    for (const async::Deadlock& deadlock : async::find_deadlocks(tasks)) {
      report_ += "deadlock:\n" + async::to_string(deadlock);
    }
    scope_->cancel(async::CancelReason::timeout);
  }

  async::CancelScope* scope_ = nullptr;  // loop thread
  std::string report_;                   // loop thread
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread thread_;
};

template <class Body>
async::Task<> checked(Body& body, TimeLimit& limit) {
  async::CancelScope scope;
  limit.begin(scope);
  const bool in_time = co_await scope.run(body());
  limit.end();
  if (!in_time) FAIL_CHECK("the test took too long; this is what its tasks were doing:\n" << limit.report());
  co_await settle();  // tasks that were cancelled at the end may finish their clean-up
  const std::vector<async::TaskInfo> left = async::all_tasks(async::Loop::current());
  INFO("tasks left behind:\n" << async::task_tree(left));
  CHECK(left.size() == 1);  // the test itself
}

template <class Body>
void run_on(async::Loop& loop, Body& body) {
  TimeLimit limit;
  async::run(loop, checked(body, limit));
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
  const std::uint64_t wanted = detail::number_from_environment("BELFRY_TEST_SEED", 0);
  const std::uint64_t first = wanted != 0 ? wanted : 1;
  const std::uint64_t last = wanted != 0 ? wanted : times;
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
