// TaskNode: a spawned task as the runtime sees it. Not for use outside lib/async; users hold a JoinHandle (spawn.hpp).
//
//   ready --step--> running --await--> parked at a Waiter --complete() or cancellation--> ready ... --> ended
//
// Owned by the loop until it has ended (never weakly), and by its JoinHandle: a count of references, loop thread only.
// Facts that other threads read (LoopStats) are atomics, or guarded by the mutex of the loop's Registry.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <source_location>
#include <string>

#include "async/cancel_tree.hpp"
#include "async/context.hpp"
#include "async/ready_queue.hpp"
#include "async/result.hpp"
#include "async/task.hpp"
#include "async/task_kind.hpp"
#include "async/wait_queue.hpp"

namespace belfry::async {
class Loop;
class Waiter;
}  // namespace belfry::async

namespace belfry::async::detail {

/// Whoever wants to know when a task has ended: a task group.
class TaskOwner {
 public:
  /// Called on the loop thread, once, before the node may go. `error` is null if it returned.
  virtual void task_ended(const std::exception_ptr& error) noexcept = 0;

 protected:
  ~TaskOwner() = default;
};

class TaskNode : public ReadyNode {
 public:
  enum class Owner : std::uint8_t { handle, group, detached, dropped };

  // --- facts, unchanged while it lives
  std::uint64_t id = 0;
  std::uint64_t parent = 0;  // id of the task that spawned it; 0: none
  std::string name;
  TaskKind* kind = nullptr;
  std::int64_t created = 0;  // by the loop's clock
  // --- written by the loop thread, read by any
  std::atomic<std::uint64_t> steps = 0;
  std::atomic<std::int64_t> busy = 0;            // nanoseconds spent in steps
  std::atomic<std::source_location> place;       // the await it is parked at, or was resumed from
  std::atomic<const char*> waits_for = nullptr;  // while parked
  // --- guarded by the mutex of the Registry
  Owner owner = Owner::handle;
  std::int64_t ownerless_since = 0;
  TaskNode* previous = nullptr;
  TaskNode* next = nullptr;

  Loop* loop() const noexcept { return loop_; }
  ScopeNode& root_scope() noexcept { return root_scope_; }
  ScopeNode& scope() const noexcept { return *scope_; }
  void set_scope(ScopeNode& scope) noexcept { scope_ = &scope; }
  const Waiter* parked() const noexcept { return parked_; }
  bool ended() const noexcept { return ended_; }

  /// Hands it to the loop, which runs it from the ready queue. `parent_scope`: what its root scope hangs below, or
  /// null.
  void begin(Loop& loop, ScopeNode* parent_scope, TaskOwner* group);

  /// One step: until the next park or the end. REQUIRES: the caller holds a reference.
  void run_step() noexcept { run(); }
  /// Parks it; the step ends.
  void park(Waiter& waiter) noexcept;
  /// The waiter's frame goes away while the task is parked at it.
  void unpark(Waiter& waiter) noexcept;
  /// Its innermost scope is cancelled: makes it ready if its waiter lets go.
  void cancel_wait() noexcept;
  void make_ready() noexcept;
  /// Destroys the frame where it stands; the task ends with Cancelled(shutdown). REQUIRES: the caller holds a
  /// reference.
  void destroy_frame() noexcept;
  /// Nobody will take its result: if that is an error, the loop counts it.
  void report_lost_error() noexcept;
  /// The owner is destroyed and must not be told.
  void forget_owner() noexcept { owner_ = nullptr; }

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  ContextRef context;  // values of ContextVars (context_var.hpp): those of its parent at the spawn
  WaitQueue joiners;
  bool retrieved = false;  // its result has been taken

 protected:
  explicit TaskNode(std::coroutine_handle<> root, PromiseBase& promise) noexcept : root_(root) {
    promise.root_of(*this);
  }
  ~TaskNode() override;

  /// Moves the result out of the root's promise.
  virtual void take_result() noexcept = 0;
  virtual void fail(std::exception_ptr error) noexcept = 0;
  virtual std::exception_ptr error() const noexcept = 0;

 private:
  void run() noexcept override;  // REQUIRES: the caller holds a reference
  TaskNode* as_task() noexcept override { return this; }
  void resume();
  void end() noexcept;

  Loop* loop_ = nullptr;
  ScopeNode root_scope_;
  ScopeNode* scope_ = &root_scope_;
  TaskOwner* owner_ = nullptr;
  Waiter* parked_ = nullptr;
  std::coroutine_handle<> root_;
  std::uint32_t references_ = 0;
  bool started_ = false;
  bool ended_ = false;
};

/// With its result, which outlives the frame.
template <class T>
class TypedTaskNode final : public TaskNode {
 public:
  explicit TypedTaskNode(typename Task<T>::Handle root) noexcept
      : TaskNode(root, root.promise()), promise_(&root.promise()) {}

  Result<T>& result() noexcept { return result_; }

 private:
  void take_result() noexcept override {
    try {
      result_ = std::move(promise_->result());
    } catch (...) {  // T's move constructor threw
      result_.set_error(std::current_exception());
    }
  }
  void fail(std::exception_ptr error) noexcept override { result_.set_error(std::move(error)); }
  std::exception_ptr error() const noexcept override { return result_.error(); }

  typename Task<T>::promise_type* promise_;
  Result<T> result_;
};

}  // namespace belfry::async::detail
