// Long computations that stay fair: TimeSlice and for_each_fair. A step of a task holds up all others; these give way
// as soon as a slice of time is used up. Loop thread only. What takes long without a loop inside belongs to a
// ThreadPool.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include "async/clock.hpp"
#include "async/loop.hpp"
#include "async/task.hpp"
#include "async/waiter.hpp"

namespace belfry::async {

/// How long a computation may hold up the loop, unless said otherwise.
inline constexpr Duration fair_slice = std::chrono::milliseconds(2);

class TimeSlice {
 public:
  class PauseAwaiter;

  /// Begins a slice, on a loop and by its clock.
  explicit TimeSlice(Duration length = fair_slice) : length_(length.count()), end_(now() + length_) {}

  bool spent() const { return now() >= end_; }

  /// If the slice is spent, lets all that is ready run (yield()) and begins a new one; else it costs a look at the
  /// clock. A cancellation point when it yields. `co_await slice.pause();`
  [[nodiscard]] PauseAwaiter pause() noexcept;

 private:
  static std::int64_t now() { return Loop::current().now_ns(); }
  std::int64_t length_;
  std::int64_t end_;
};

class [[nodiscard]] TimeSlice::PauseAwaiter final : public Waiter {
 public:
  explicit PauseAwaiter(TimeSlice& slice) noexcept : Waiter("time slice"), slice_(slice) {}
  bool await_ready() const { return !slice_.spent(); }
  void await_resume() {
    if (!completed()) return finish();
    slice_.end_ = now() + slice_.length_;
  }

 private:
  bool start() override {
    complete();
    return true;
  }
  bool abandon() noexcept override { return true; }
  TimeSlice& slice_;
};

inline TimeSlice::PauseAwaiter TimeSlice::pause() noexcept { return PauseAwaiter(*this); }

/// function(item) for every item of the range, in order, and gives way when a slice is spent. The function is plain; an
/// exception of it ends the loop and passes. Cancellation is seen when it gives way: the items so far are done.
/// The range is copied or moved in; a std::span leaves the items where they are.
template <class Range, class F>
Task<> for_each_fair(Range range, F function, Duration slice = fair_slice) {
  TimeSlice time(slice);
  for (auto&& item : range) {
    std::invoke(function, item);
    co_await time.pause();
  }
}

}  // namespace belfry::async
