// Event: a flag that tasks wait for. As asyncio.Event. Loop thread only.
#pragma once

#include <cstddef>

#include "async/wait_queue.hpp"
#include "async/wait_report.hpp"

namespace belfry::async {

class Event {
 public:
  class [[nodiscard]] WaitAwaiter final : public detail::QueuedWaiter {
   public:
    explicit WaitAwaiter(Event& event) noexcept : QueuedWaiter("event"), event_(event) {}
    void await_resume() const { finish(); }
    void report(WaitReport& report) const override { report.object(&event_); }

   private:
    bool start() override {
      if (event_.set_) return false;
      event_.waiters_.push(*this);
      return true;
    }
    Event& event_;
  };

  /// Wakes all that wait, in the order in which they came; whoever waits later passes at once. They resume in the
  /// loop's next batch, also if the event is cleared before that.
  void set() noexcept {
    set_ = true;
    waiters_.complete_all();
  }
  void clear() noexcept { set_ = false; }
  bool is_set() const noexcept { return set_; }

  /// Returns when the event is set. REQUIRES: the event outlives the wait.
  WaitAwaiter wait() noexcept { return WaitAwaiter(*this); }

  /// How many tasks wait.
  std::size_t waiters() const noexcept { return waiters_.size(); }

 private:
  detail::WaitQueue waiters_;
  bool set_ = false;
};

}  // namespace belfry::async
