// as_completed(): several tasks at once, what becomes of each as soon as it is known.
//
//   AsyncGenerator<Completed<Page>> pages = as_completed(std::move(downloads));
//   while (std::optional<Completed<Page>> page = co_await pages.next()) show(page->index, page->result);
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "async/crew.hpp"
#include "async/gather.hpp"
#include "async/generator.hpp"
#include "async/queue.hpp"
#include "async/result.hpp"

namespace belfry::async {

/// One of the tasks has ended.
template <class T>
struct Completed {
  std::size_t index = 0;  ///< of the task in the vector
  Result<T> result;       ///< its value or exception, its own Cancelled included
};

namespace detail {

template <class T>
Task<> complete_into(Task<T> task, std::size_t index, std::shared_ptr<Queue<Completed<T>>> ended) {
  Result<T> result;
  co_await keep_result(std::move(task), result);
  ended->put_nowait(Completed<T>{index, std::move(result)});
}

}  // namespace detail

/// The first next() starts all tasks, each as a task of its own; every next() gives one that has ended, in the order in
/// which they did. No exception of a task is thrown and none cancels another: look at `result`. Cancelling the consumer
/// in next(), and aclose(), cancel the tasks that are left and wait for them. A generator that is dropped half-way
/// cancels them too (CancelReason::owner_gone) and cannot wait. Loop thread only.
template <class T>
AsyncGenerator<Completed<T>> as_completed(std::vector<Task<T>> tasks) {
  const auto ended = std::make_shared<Queue<Completed<T>>>();
  detail::Crew crew;
  std::exception_ptr error;
  try {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      crew.start(detail::complete_into(std::move(tasks[i]), i, ended), "as_completed " + std::to_string(i));
    }
    for (std::size_t left = tasks.size(); left > 0; --left) {
      Completed<T> next = co_await ended->get();
      co_yield std::move(next);
    }
  } catch (...) {
    error = std::current_exception();
  }
  co_await crew.dismiss();
  if (error) std::rethrow_exception(error);
}

}  // namespace belfry::async
