// gather(): several tasks at once, their values in order. gather_results(): the same with errors as values.
//
// Each runs as a task of its own; none outlives the co_await. Loop thread only.
#pragma once

#include <cstddef>
#include <source_location>
#include <string>
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

inline std::string gather_name(std::size_t index) { return "gather " + std::to_string(index); }

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
      (group.start(detail::keep_value(std::move(std::get<I>(all)), std::get<I>(results)), detail::gather_name(I)), ...);
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
      group.start(detail::keep_value(std::move(tasks[i]), results[i]), detail::gather_name(i));
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
      group.start(detail::keep_result(std::move(tasks[i]), results[i]), detail::gather_name(i));
    }
    co_return;
  };
  co_await with_task_group(std::move(body));
  check_cancelled();
  co_return results;
}

}  // namespace belfry::async
