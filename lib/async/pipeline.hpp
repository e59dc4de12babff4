// Pipelines of generators: map, filter, take, batch and merge, put together with |. Loop thread only.
//
//   std::vector<Row> rows = co_await (lines(file) | map(parse) | filter(is_valid) | batch(100) | collect());
//
// Lazy and without buffers: a stage asks the one before it for one value when it is asked for one itself, all in the
// consumer's task; only merge() runs its sources as tasks. Functions may be plain or return a Task, which is awaited.
// Errors pass to the consumer. However a stage ends (an error, cancellation, aclose, enough taken), it closes its
// source first, whose clean-up may await; an error of that clean-up takes the place of the first. A pipeline that is
// dropped half-way destroys its frames and awaits nothing (see AsyncGenerator).
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "async/crew.hpp"
#include "async/generator.hpp"
#include "async/queue.hpp"
#include "async/task.hpp"

namespace belfry::async {

namespace detail {

/// What map(), batch() and the others return: makes the next stage, or the Task of the last, of a generator. Once.
template <class Make>
struct Stage {
  Make make;
};

template <class T>
struct Awaited {
  using Value = T;
  static constexpr bool is_task = false;
};
template <class T>
struct Awaited<Task<T>> {
  using Value = T;
  static constexpr bool is_task = true;
};

/// What function(argument) gives in the end, and whether it is awaited before.
template <class F, class Argument>
using Outcome = Awaited<std::remove_cvref_t<std::invoke_result_t<F&, Argument>>>;

/// Closes the source and then goes on with the error, if there is one.
template <class T>
Task<> close_source(AsyncGenerator<T>& source, std::exception_ptr error) {
  co_await source.aclose();
  if (error) std::rethrow_exception(error);
}

template <class T, class F>
AsyncGenerator<typename Outcome<F, T>::Value> map_each(AsyncGenerator<T> source, F function) {
  std::exception_ptr error;
  try {
    while (std::optional<T> item = co_await source.next()) {
      if constexpr (Outcome<F, T>::is_task) {
        typename Outcome<F, T>::Value value = co_await std::invoke(function, std::move(*item));
        co_yield std::move(value);
      } else {
        co_yield std::invoke(function, std::move(*item));
      }
    }
  } catch (...) {
    error = std::current_exception();
  }
  co_await close_source(source, error);
}

template <class T, class F>
AsyncGenerator<T> filter_each(AsyncGenerator<T> source, F predicate) {
  std::exception_ptr error;
  try {
    while (std::optional<T> item = co_await source.next()) {
      bool wanted = false;
      if constexpr (Outcome<F, const T&>::is_task) {
        wanted = co_await std::invoke(predicate, std::as_const(*item));
      } else {
        wanted = std::invoke(predicate, std::as_const(*item));
      }
      if (wanted) co_yield std::move(*item);
    }
  } catch (...) {
    error = std::current_exception();
  }
  co_await close_source(source, error);
}

template <class T>
AsyncGenerator<T> take_first(AsyncGenerator<T> source, std::size_t count) {
  std::exception_ptr error;
  try {
    for (; count > 0; --count) {
      std::optional<T> item = co_await source.next();
      if (!item) break;
      co_yield std::move(*item);
    }
  } catch (...) {
    error = std::current_exception();
  }
  co_await close_source(source, error);
}

template <class T>
AsyncGenerator<std::vector<T>> batch_up(AsyncGenerator<T> source, std::size_t size) {
  std::exception_ptr error;
  try {
    std::vector<T> items;
    while (std::optional<T> item = co_await source.next()) {
      items.push_back(std::move(*item));
      if (items.size() == size) co_yield std::exchange(items, {});
    }
    if (!items.empty()) co_yield std::move(items);
  } catch (...) {
    error = std::current_exception();
  }
  co_await close_source(source, error);
}

template <class T>
Task<std::vector<T>> collect_all(AsyncGenerator<T> source) {
  std::vector<T> items;
  std::exception_ptr error;
  try {
    while (std::optional<T> item = co_await source.next()) items.push_back(std::move(*item));
  } catch (...) {
    error = std::current_exception();
  }
  co_await close_source(source, error);
  co_return items;
}

/// What the pumps of merge() and the merged generator share.
template <class T>
struct Merge {
  explicit Merge(std::size_t sources) : items(sources), running(sources) {}
  Queue<T> items;
  std::size_t running;
  std::exception_ptr error;
};

template <class T>
Task<> pump(AsyncGenerator<T> source, std::shared_ptr<Merge<T>> into) {
  std::exception_ptr error;
  try {
    while (std::optional<T> item = co_await source.next()) co_await into->items.put(std::move(*item));
  } catch (...) {
    error = std::current_exception();
  }
  try {
    co_await close_source(source, error);
  } catch (const Cancelled&) {
    throw;
  } catch (...) {
    if (!into->error) into->error = std::current_exception();
    into->items.shutdown(true);
  }
  if (--into->running == 0) into->items.shutdown();
}

}  // namespace detail

/// Passes the values on to the stage.
template <class T, class Make>
auto operator|(AsyncGenerator<T> source, detail::Stage<Make> stage) {
  return std::move(stage.make)(std::move(source));
}

/// function(value) in the place of each value.
template <class F>
auto map(F function) {
  return detail::Stage{[function = std::move(function)]<class T>(AsyncGenerator<T> source) mutable {
    return detail::map_each<T, F>(std::move(source), std::move(function));
  }};
}

/// Only the values for which predicate(value) is true.
template <class F>
auto filter(F predicate) {
  return detail::Stage{[predicate = std::move(predicate)]<class T>(AsyncGenerator<T> source) mutable {
    return detail::filter_each<T, F>(std::move(source), std::move(predicate));
  }};
}

/// The first `count` values; the source is closed when the next one is asked for, and never asked for more.
inline auto take(std::size_t count) {
  return detail::Stage{
      [count]<class T>(AsyncGenerator<T> source) { return detail::take_first<T>(std::move(source), count); }};
}

/// Vectors of `size` values (>= 1, std::invalid_argument), the last one of what is left.
inline auto batch(std::size_t size) {
  if (size == 0) throw std::invalid_argument("batch: a batch must hold at least one value");
  return detail::Stage{
      [size]<class T>(AsyncGenerator<T> source) { return detail::batch_up<T>(std::move(source), size); }};
}

/// The end of a pipeline: a Task<std::vector<T>> of all values.
inline auto collect() {
  return detail::Stage{[]<class T>(AsyncGenerator<T> source) { return detail::collect_all<T>(std::move(source)); }};
}

/// The values of a container, moved out of it one by one.
template <class Container>
AsyncGenerator<typename Container::value_type> each(Container items) {
  for (auto& item : items) co_yield std::move(item);
}

/// The values of all sources as they come. The first next() starts a task for each source; they share a queue of as
/// many places. The first error of a source cancels the others, drops what was queued, and is thrown when they have
/// ended. As with as_completed(), a cancelled or closed generator cancels its tasks and waits, a dropped one only
/// cancels them.
template <class T>
AsyncGenerator<T> merge(std::vector<AsyncGenerator<T>> sources) {
  if (sources.empty()) co_return;
  const auto shared = std::make_shared<detail::Merge<T>>(sources.size());
  detail::Crew crew;
  std::exception_ptr error;
  try {
    for (std::size_t i = 0; i < sources.size(); ++i) {
      crew.start(detail::pump(std::move(sources[i]), shared), "merge " + std::to_string(i));
    }
    while (std::optional<T> item = co_await shared->items.next()) co_yield std::move(*item);
  } catch (...) {
    error = std::current_exception();
  }
  co_await crew.dismiss();
  if (shared->error) error = shared->error;
  if (error) std::rethrow_exception(error);
}

/// The same of several generators of one type: merge(north(), south()).
template <class T, class... Others>
  requires(std::is_same_v<AsyncGenerator<T>, Others> && ...)
AsyncGenerator<T> merge(AsyncGenerator<T> first, Others... others) {
  std::vector<AsyncGenerator<T>> sources;
  sources.push_back(std::move(first));
  (sources.push_back(std::move(others)), ...);
  return merge(std::move(sources));
}

}  // namespace belfry::async
