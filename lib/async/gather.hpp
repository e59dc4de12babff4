// gather(): several tasks at once, their values in order. gather_results(): the same with errors as values.
//
// Each runs as a task of its own; none outlives the co_await. Loop thread only.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "async/result.hpp"
#include "async/task_group.hpp"

namespace belfry::async {

namespace detail {

template <class T>
using GatherValue = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// Runs the task and keeps its value; its exception passes. Cancelled, no failure to a group, is kept as well.
template <class T>
Task<> keep_value(Task<T> task, Result<T>& into) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      into.set_value();
    } else {
      into.set_value(co_await std::move(task));
    }
  } catch (const Cancelled&) {
    into.set_error(std::current_exception());
    throw;
  }
}

/// Runs the task and keeps its value or its exception.
template <class T>
Task<> keep_result(Task<T> task, Result<T>& into) {
  try {
    co_await keep_value(std::move(task), into);
  } catch (...) {
    into.set_error(std::current_exception());
  }
}

template <class T>
GatherValue<T> take_value(Result<T>& result) {
  if constexpr (std::is_void_v<T>) {
    result.take();
    return {};
  } else {
    return result.take();
  }
}

enum class GatherErrors : bool { fail_the_group, are_values };

/// The outcome of a gathered task goes to a Result of gather()'s, without a coroutine between them.
template <class T, GatherErrors Errors>
class GatheredOutcome {
 public:
  explicit GatheredOutcome(Result<T>& into) noexcept : into_(&into) {}

  void set(const TaskNode& task, TaskOutcome<T>&& outcome) {
    if (!gathered(task)) return;
    if constexpr (!std::is_void_v<T>) {
      *into_ = std::move(outcome);
    } else if (outcome.error()) {
      into_->set_error(outcome.error());
    } else {
      into_->set_value();
    }
  }
  void set_error(const TaskNode& task, std::exception_ptr error) noexcept {
    if (gathered(task)) into_->set_error(std::move(error));
  }
  /// What the group is told.
  std::exception_ptr error() const noexcept {
    return into_ == nullptr || Errors == GatherErrors::are_values ? nullptr : into_->error();
  }

 private:
  /// One without an owner has outlived its group and the Result: the frame of gather() was destroyed in mid-flight.
  bool gathered(const TaskNode& task) noexcept {
    if (task.owner() == nullptr) into_ = nullptr;
    return into_ != nullptr;
  }

  Result<T>* into_;
};

/// "gather 17", made without std::string: there may be a hundred thousand.
class GatherName {
 public:
  explicit GatherName(std::size_t index) noexcept
      : end_(std::to_chars(text_.data() + 7, text_.data() + text_.size(), index).ptr) {}
  SpawnOptions options() const noexcept { return NodeSetup::named({text_.data(), end_}); }

 private:
  std::array<char, 32> text_{"gather "};
  char* end_;
};

}  // namespace detail

/// Runs all tasks at the same time and returns their values in the order of the arguments (std::monostate for Task<>).
/// The first exception cancels the others (CancelReason::sibling_failed), all are waited for, and it is rethrown; later
/// ones are dropped. Cancelling the caller cancels all. REQUIRES: tasks are passed by std::move or as temporaries.
template <class... Ts>
Task<std::tuple<detail::GatherValue<Ts>...>> gather(Task<Ts>... tasks) {
  std::tuple<Result<Ts>...> results;
  std::tuple<Task<Ts>...> all(std::move(tasks)...);
  auto body = [&](TaskGroup& group) -> Task<> {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      using detail::GatheredOutcome;
      constexpr auto errors = detail::GatherErrors::fail_the_group;
      (detail::GroupRun::start<GatheredOutcome<Ts, errors>>(group, std::move(std::get<I>(all)), std::get<I>(results),
                                                            detail::GatherName(I).options()),
       ...);
    }(std::index_sequence_for<Ts...>());
    co_return;
  };
  co_await detail::GroupRun::run(std::move(body), detail::GroupRun::Errors::first);
  co_return std::apply([](auto&... each) { return std::tuple(detail::take_value(each)...); }, results);
}

/// The same for any number of tasks of one type; returns std::vector<T>, for Task<> nothing.
template <class T>
auto gather(std::vector<Task<T>> tasks)
    -> Task<std::conditional_t<std::is_void_v<T>, void, std::vector<detail::GatherValue<T>>>> {
  std::vector<Result<T>> results(tasks.size());
  auto body = [&](TaskGroup& group) -> Task<> {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      using Outcome = detail::GatheredOutcome<T, detail::GatherErrors::fail_the_group>;
      detail::GroupRun::start<Outcome>(group, std::move(tasks[i]), results[i], detail::GatherName(i).options());
    }
    co_return;
  };
  co_await detail::GroupRun::run(std::move(body), detail::GroupRun::Errors::first);
  if constexpr (!std::is_void_v<T>) {
    std::vector<T> values;
    values.reserve(results.size());
    for (Result<T>& result : results) values.push_back(result.take());
    co_return values;
  }
}

/// Runs all tasks at the same time and returns what became of each, in order; an exception cancels nobody. A task that
/// was cancelled by itself has Cancelled as its error. Cancelling the caller cancels all and throws Cancelled.
template <class T>
Task<std::vector<Result<T>>> gather_results(std::vector<Task<T>> tasks) {
  std::vector<Result<T>> results(tasks.size());
  auto body = [&](TaskGroup& group) -> Task<> {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      using Outcome = detail::GatheredOutcome<T, detail::GatherErrors::are_values>;
      detail::GroupRun::start<Outcome>(group, std::move(tasks[i]), results[i], detail::GatherName(i).options());
    }
    co_return;
  };
  co_await with_task_group(std::move(body));
  check_cancelled();
  co_return results;
}

}  // namespace belfry::async
