// Crew: the tasks that work for a generator, which can neither be a task group's body (it yields) nor wait for them
// when it is dropped. Not for use outside lib/async; see as_completed.hpp and pipeline.hpp. Loop thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "async/spawn.hpp"
#include "async/wait_queue.hpp"

namespace belfry::async::detail {

/// Dropping it cancels the tasks (owner_gone) and lets them end alone: what they use they must share.
class Crew {
  struct Roll {
    std::size_t running = 0;
    WaitQueue ended;
  };
  /// Counts a task until its frame is gone, also when its body never ran.
  class Member {
   public:
    explicit Member(std::shared_ptr<Roll> roll) noexcept : roll_(std::move(roll)) { ++roll_->running; }
    Member(Member&&) noexcept = default;
    Member& operator=(Member&&) = delete;
    ~Member() {
      if (roll_ && --roll_->running == 0) roll_->ended.complete_all();
    }

   private:
    std::shared_ptr<Roll> roll_;
  };
  /// Bounded by the tasks, which are cancelled: it need not be cancelled itself.
  class Ended final : public QueuedWaiter {
   public:
    explicit Ended(Roll& roll) noexcept : QueuedWaiter("crew", Cancellable::no), roll_(roll) {}
    void await_resume() const noexcept {}

   private:
    bool start() override {
      if (roll_.running == 0) return false;
      roll_.ended.push(*this);
      return true;
    }
    bool abandon() noexcept override { return false; }
    Roll& roll_;
  };

 public:
  /// REQUIRES: the task lets nothing but Cancelled pass.
  void start(Task<> task, std::string name) {
    handles_.push_back(spawn(run(std::move(task), Member(roll_)), std::move(name)));
  }

  /// Cancels them all and waits until they have ended.
  Task<> dismiss() {
    for (JoinHandle<>& handle : handles_) handle.cancel(CancelReason::owner_gone);
    co_await Ended(*roll_);
  }

 private:
  static Task<> run(Task<> task, Member) { co_await std::move(task); }

  std::shared_ptr<Roll> roll_ = std::make_shared<Roll>();
  std::vector<JoinHandle<>> handles_;
};

}  // namespace belfry::async::detail
