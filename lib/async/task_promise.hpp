// What every coroutine of belfry carries in its frame: who awaits it, where, and on whose behalf. Users want task.hpp.
//
//   PromiseBase(leaf).awaiter_ -> PromiseBase(middle).awaiter_ -> PromiseBase(root) ; all point at the same TaskNode,
//   and each keeps the source_location of the await at which it stands: walking up is the task's place chain.
#pragma once

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <source_location>
#include <utility>

#include "async/frame_pool.hpp"

namespace belfry::async::detail {

class TaskNode;

class PromiseBase {
 public:
  static void* operator new(std::size_t size) { return frame_allocate(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { frame_free(frame, size); }

  std::suspend_always initial_suspend() const noexcept { return {}; }

  /// Notes the place of every co_await; the awaitable itself is passed through.
  template <class Awaitable>
  Awaitable&& await_transform(Awaitable&& awaitable,
                              std::source_location site = std::source_location::current()) noexcept {
    site_ = site;
    return std::forward<Awaitable>(awaitable);
  }

  /// Begins on behalf of the coroutine that awaits it, `frame`, which goes on when this one has ended.
  void awaited_by(PromiseBase& awaiter, [[maybe_unused]] std::coroutine_handle<> frame) noexcept {
    assert(awaiter.frame() == frame);
    awaiter_ = &awaiter;
    task_ = awaiter.task_;
  }
  /// Begins as the root of a task.
  void root_of(TaskNode& task) noexcept { task_ = &task; }

  TaskNode* task() const noexcept { return task_; }
  const PromiseBase* awaiter() const noexcept { return awaiter_; }
  /// Where it awaits, or last awaited; before its first await where the coroutine is written.
  const std::source_location& site() const noexcept { return site_; }
  /// Its frame. REQUIRES: the promise is a PromiseBase at its beginning and not aligned further than operator new does.
  std::coroutine_handle<> frame() noexcept { return std::coroutine_handle<PromiseBase>::from_promise(*this); }

  /// Begins it; true when it finished at once.
  // A child that finishes while it is being started returns to await_suspend, which then does not suspend the parent:
  // a million such awaits in a loop use no stack, on every compiler and at every optimisation level. Otherwise the
  // finished child transfers to its parent.
  bool runs_to_its_end(std::coroutine_handle<> self) {
    starting_ = true;
    self.resume();
    return !std::exchange(starting_, false);
  }

 protected:
  void written_at(const std::source_location& place) noexcept { site_ = place; }

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      PromiseBase& promise = self.promise();
      if (promise.starting_ || promise.awaiter_ == nullptr) {
        promise.starting_ = false;
        return std::noop_coroutine();
      }
      return promise.awaiter_->frame();
    }
    void await_resume() const noexcept {}
  };

 private:
  PromiseBase* awaiter_ = nullptr;
  TaskNode* task_ = nullptr;
  std::source_location site_;
  bool starting_ = false;
};

}  // namespace belfry::async::detail
