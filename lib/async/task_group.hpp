// Task groups: tasks that begin and end together. As asyncio.TaskGroup and trio's nurseries.
//
//   co_await with_task_group([&](TaskGroup& group) -> Task<> {
//     group.start(serve(socket), "serve");
//     group.start(watch(file), "watch");
//     co_await stop.wait();
//     group.cancel(CancelReason::shutdown);
//   });
//
// Nothing that the group started outlives the co_await. Loop thread only.
#pragma once

#include <cstddef>
#include <exception>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "async/cancel.hpp"
#include "async/result.hpp"
#include "async/spawn.hpp"
#include "async/task.hpp"
#include "async/wait_queue.hpp"

namespace belfry::async {

/// Several tasks of one group failed. One failure alone is rethrown as itself.
class TaskGroupError : public std::runtime_error {
 public:
  explicit TaskGroupError(std::vector<std::exception_ptr> errors);
  /// In the order in which they happened; the first one cancelled the others.
  const std::vector<std::exception_ptr>& errors() const noexcept { return errors_; }

 private:
  std::vector<std::exception_ptr> errors_;
};

namespace detail {
class GroupRun;
}

class TaskGroup final : private detail::TaskOwner {
 public:
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup() = default;

  /// Starts a task of the group, in the next batch; its scope lies within the group's. In a cancelled group its body
  /// does not run. May be called by the body and by the group's tasks, until with_task_group returns.
  template <class T>
  void start(Task<T> task, const SpawnOptions& options = SpawnOptions(),
             std::source_location place = std::source_location::current()) {
    const auto node = detail::make_node<detail::TypedTaskNode<T>>(std::move(task), options, place);
    begin(*node);
  }
  /// The same with a function object that returns the Task, which is kept until the task has ended, as by spawn().
  template <detail::MakesTask F>
  void start(F function, const SpawnOptions& options = SpawnOptions(),
             std::source_location place = std::source_location::current()) {
    start(detail::keep_alive(std::move(function)), options, place);
  }

  /// Cancels the body and all tasks; with_task_group then returns normally when they have ended, unless one fails.
  void cancel(CancelReason reason = CancelReason::user) noexcept { scope_.cancel(reason); }
  bool cancelled() const noexcept { return scope_.cancelled(); }

  /// Tasks that have not ended; the body is not counted.
  std::size_t size() const noexcept { return size_; }

 private:
  friend class detail::GroupRun;
  explicit TaskGroup(bool first_error_only) noexcept : first_error_only_(first_error_only) {}

  void begin(detail::TaskNode& node);
  void task_ended(detail::TaskNode& task, const std::exception_ptr& error) noexcept override;
  void body_failed(const std::exception_ptr& error) noexcept;
  void note_outer_cancellation() noexcept;
  void add_error(const std::exception_ptr& error) noexcept;
  void rethrow();

  detail::ScopeNode scope_;
  detail::WaitQueue closing_;  // with_task_group, while it waits for the last task
  std::vector<std::exception_ptr> errors_;
  std::exception_ptr cancelled_;  // the outer cancellation that ended the body or a task
  std::size_t size_ = 0;
  bool first_error_only_ = false;
};

namespace detail {

/// The life of one group, for with_task_group and gather.
class GroupRun {
 public:
  enum class Errors : bool { all, first };

  /// As TaskGroup::start(), with the outcome in `into`, which lives as long as the group runs.
  template <class Outcome, class T>
  static void start(TaskGroup& group, Task<T> task, Result<T>& into, const SpawnOptions& options,
                    std::source_location place = std::source_location::current()) {
    const auto node = make_node<TypedTaskNode<T, Outcome>>(std::move(task), options, place, into);
    group.begin(*node);
  }

  template <class Body>
  static Task<> run(Body body, Errors errors) {
    check_cancelled();
    TaskGroup group(errors == Errors::first);
    {
      const ScopeEntry entry(group.scope_);
      const Orphans orphans(group);
      std::exception_ptr error;
      try {
        Task<> task = body(group);
        co_await std::move(task);
      } catch (...) {
        error = std::current_exception();
      }
      if (error) group.body_failed(error);
      co_await Ended(group);
    }
    group.rethrow();
  }

 private:
  /// Children that live on when the group's frame is destroyed in mid-flight must not report to it.
  class Orphans {
   public:
    explicit Orphans(TaskGroup& group) noexcept : group_(group) {}
    Orphans(const Orphans&) = delete;
    Orphans& operator=(const Orphans&) = delete;
    ~Orphans();

   private:
    TaskGroup& group_;
  };

  /// Bounded by the children, which are cancelled with the group: it need not be cancelled itself.
  class Ended final : public QueuedWaiter {
   public:
    explicit Ended(TaskGroup& group) noexcept : QueuedWaiter("task group", Cancellable::no), group_(group) {}
    void await_resume() const noexcept {}
    void report(WaitReport& report) const override;

   private:
    bool start() override;
    bool abandon() noexcept override { return false; }
    TaskGroup& group_;
  };
};

}  // namespace detail

/// Runs body(group), then waits for every task of the group. When the body or a task fails, the others are cancelled
/// (CancelReason::sibling_failed), all are waited for, and the failure is rethrown: as itself if it is the only one,
/// else as TaskGroupError. A task that ends with Cancelled is no failure. Cancelling the caller cancels the body and
/// all tasks. `body` is a callable that takes TaskGroup& and returns Task<>; it is kept until all has ended, so a
/// lambda may capture whatever it likes.
template <class Body>
BELFRY_COROUTINE_WRAPPER Task<> with_task_group(Body body) {
  return detail::GroupRun::run(std::move(body), detail::GroupRun::Errors::all);
}

}  // namespace belfry::async
