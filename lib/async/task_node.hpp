// TaskNode: a spawned task as the runtime sees it. Not for use outside lib/async; users hold a JoinHandle (spawn.hpp).
//
//   ready --step--> running --await--> parked at a Waiter --complete() or
//   cancellation--> ready ... --> ended
//
// References count it: the loop's until it has ended, the ready queue's while it is queued, the handle's. Loop thread
// only; facts that other threads read (census, LoopStats) do not change, are atomics or are guarded by the mutex of the
// loop's Registry. One block of the frame pool holds the node and, behind it, its name.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>
#include <string>
#include <string_view>

#include "async/cancel_tree.hpp"
#include "async/context.hpp"
#include "async/ready_queue.hpp"
#include "async/task.hpp"
#include "async/task_kind.hpp"
#include "async/task_outcome.hpp"

namespace belfry::async {
class Loop;
class Waiter;
}  // namespace belfry::async

namespace belfry::async::detail {

/// Whoever wants to know when a task has ended: its group, or the one that joins it.
class TaskOwner {
 public:
  /// Called on the loop thread, once, before the node may go. `error` is null if it returned.
  virtual void task_ended(TaskNode& task, const std::exception_ptr& error) noexcept = 0;

 protected:
  ~TaskOwner() = default;
};

class TaskNode : public ReadyNode {
 public:
  enum class Owner : std::uint8_t {
    handle,
    group,
    detached,
    dropped,
    leaked  // dropped, and its cancellation is older than the grace
  };
  static constexpr std::size_t longest_name = 255;  // bytes; what is longer is cut

  TaskNode(const TaskNode&) = delete;
  TaskNode& operator=(const TaskNode&) = delete;

  // What each step touches comes first, on one or two cache lines; what only the beginning and the end touch, last.

  // --- guarded by the mutex of the Registry
  Owner ownership = Owner::handle;  // written by the loop thread
  // --- facts, unchanged while it lives
  std::uint8_t name_size = 0;
  std::uint8_t kind_index = 0;

 private:
  // --- loop thread
  std::uint32_t references_ : 28 = 0;
  bool started_ : 1 = false;
  bool ended_ : 1 = false;

 public:
  bool complained : 1 = false;  // of the cancellation that it ignores
  bool retrieved : 1 = false;   // its result has been taken

  // --- written by the loop thread, read by any
  std::atomic<std::uint64_t> steps = 0;
  std::atomic<std::int64_t> busy = 0;            // ticks (tick_clock.hpp) spent in steps
  std::atomic<std::source_location> place;       // the await it is parked at, or was resumed from
  std::atomic<const char*> waits_for = nullptr;  // while parked

 private:
  // --- loop thread
  Waiter* parked_ = nullptr;
  ScopeNode* scope_ = &root_scope_;
  Loop* loop_ = nullptr;

 protected:
  std::coroutine_handle<> root_;

 private:
  ScopeNode root_scope_;
  TaskOwner* owner_ = nullptr;

 public:
  // --- the list of the Registry
  TaskNode* previous = nullptr;  // loop thread
  std::atomic<TaskNode*> next = nullptr;
  // --- facts, unchanged while it lives
  std::uint64_t id = 0;
  std::uint64_t parent = 0;  // id of the task that spawned it; 0: none
  std::int64_t created = 0;  // by the loop's clock, when the step began that spawned it
  // --- loop thread
  ContextRef context;  // values of ContextVars (context_var.hpp): those of its parent at the spawn

  /// What it was given, else "task-<id>".
  std::string name() const;
  TaskKind& kind() const noexcept { return task_kind_at(kind_index); }
  Loop* loop() const noexcept { return loop_; }
  ScopeNode& root_scope() noexcept { return root_scope_; }
  const ScopeNode& root_scope() const noexcept { return root_scope_; }
  ScopeNode& scope() const noexcept { return *scope_; }
  void set_scope(ScopeNode& scope) noexcept { scope_ = &scope; }
  const Waiter* parked() const noexcept { return parked_; }
  bool ended() const noexcept { return ended_; }

  /// Hands it to the loop, which runs it from the ready queue. `parent_scope`: what its root scope hangs below, or
  /// null.
  void begin(Loop& loop, ScopeNode* parent_scope, TaskOwner* group);
  /// One step: until the next park or the end. Called by the loop.
  void step() noexcept;

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
  /// Nobody will take its result: if that is an error, the loop complains.
  void report_lost_error() noexcept;

  /// Who is told of its end; null: nobody. One at a time.
  TaskOwner* owner() const noexcept { return owner_; }
  void set_owner(TaskOwner* owner) noexcept { owner_ = owner; }

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) destroy();  // NOLINT(*-narrowing-conversions): 28 bits are an int while they are counted
  }

 protected:
  explicit TaskNode(std::coroutine_handle<> root, PromiseBase& promise) noexcept : ReadyNode(Kind::task), root_(root) {
    promise.root_of(*this);
  }
  ~TaskNode();

  /// Moves the result out of the root's promise.
  virtual void take_outcome() noexcept = 0;
  virtual void fail(std::exception_ptr error) noexcept = 0;
  virtual std::exception_ptr error() const noexcept = 0;
  virtual const char* given_name() const noexcept = 0;
  virtual void destroy() noexcept = 0;

 private:
  void run() noexcept override { step(); }
  void drop() noexcept override { release(); }
  void resume();
  void end() noexcept;
};
static_assert(sizeof(TaskNode) <= 200, "a hundred thousand tasks are nothing special");

/// The outcome stays with the node, which outlives the frame, until somebody takes it.
template <class T>
class KeptOutcome {
 public:
  void set(const TaskNode& /*task*/, TaskOutcome<T>&& outcome) { outcome_ = std::move(outcome); }
  void set_error(const TaskNode& /*task*/, std::exception_ptr error) noexcept { outcome_.set_error(std::move(error)); }
  std::exception_ptr error() const noexcept { return outcome_.error(); }
  TaskOutcome<T>& outcome() noexcept { return outcome_; }

 private:
  TaskOutcome<T> outcome_;
};

/// A node with what becomes of its outcome.
template <class T, class Outcome = KeptOutcome<T>>
class TypedTaskNode final : public TaskNode {
 public:
  using Value = T;

  /// Takes the frame over; a reference of the caller's is counted. Throws std::bad_alloc, and then nothing is taken.
  template <class... Args>
  static TypedTaskNode* make(typename Task<T>::Handle root, std::string_view name, Args&&... outcome) {
    name = name.substr(0, longest_name);
    void* const memory = frame_allocate(sizeof(TypedTaskNode) + name.size() + 1);
    auto* const node = ::new (memory) TypedTaskNode(root, std::forward<Args>(outcome)...);
    char* const behind = reinterpret_cast<char*>(node + 1);
    behind[name.copy(behind, name.size())] = '\0';
    node->name_size = static_cast<std::uint8_t>(name.size());
    return node;
  }

  TaskOutcome<T>& outcome() noexcept { return outcome_.outcome(); }

 private:
  template <class... Args>
  explicit TypedTaskNode(typename Task<T>::Handle root, Args&&... outcome) noexcept
      : TaskNode(root, root.promise()), outcome_(std::forward<Args>(outcome)...) {}
  ~TypedTaskNode() = default;

  void destroy() noexcept override {
    const std::size_t size = sizeof(TypedTaskNode) + name_size + 1;
    this->~TypedTaskNode();
    frame_free(this, size);
  }
  const char* given_name() const noexcept override { return reinterpret_cast<const char*>(this + 1); }
  void take_outcome() noexcept override {
    try {
      outcome_.set(*this, std::move(Task<T>::Handle::from_address(root_.address()).promise().outcome()));
    } catch (...) {  // T's move constructor threw
      outcome_.set_error(*this, std::current_exception());
    }
  }
  void fail(std::exception_ptr error) noexcept override { outcome_.set_error(*this, std::move(error)); }
  std::exception_ptr error() const noexcept override { return outcome_.error(); }

  Outcome outcome_;
};

}  // namespace belfry::async::detail
