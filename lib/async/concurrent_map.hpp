// concurrent_map() and gather_limited(): many things at once, but never more than so many. Loop thread only.
//
//   std::vector<Page> pages = co_await concurrent_map(8, urls, [&](const Url& url) { return download(url); });
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "async/gather.hpp"
#include "async/result.hpp"
#include "async/task_group.hpp"

namespace belfry::async {

namespace detail {

template <class Item, class F>
using MapValue = typename std::invoke_result_t<F&, Item&>::Value;

template <class T>
using MapResult = std::conditional_t<std::is_void_v<T>, void, std::vector<GatherValue<T>>>;

/// Takes the next item until there is none.
template <class Item, class F, class T>
Task<> map_some(std::vector<Item>& items, F& function, std::vector<Result<T>>& results, std::size_t& next) {
  while (next < items.size()) {
    const std::size_t mine = next++;
    co_await keep_value(std::invoke(function, items[mine]), results[mine]);
  }
}

}  // namespace detail

/// Awaits function(item), a Task, for all items, at most `limit` (>= 1, std::invalid_argument) at the same time, and
/// returns their values in the order of the items (nothing for Task<>). They are begun in order; the next one begins
/// when one has ended, in the same task, so a million items need no more than `limit` tasks. The first exception
/// cancels the others (CancelReason::sibling_failed), all are waited for, and it is rethrown. Cancelling the caller
/// cancels all. Items and function are kept until all has ended.
template <class Item, class F>
Task<detail::MapResult<detail::MapValue<Item, F>>> concurrent_map(std::size_t limit, std::vector<Item> items,
                                                                  F function) {
  using T = detail::MapValue<Item, F>;
  if (limit == 0) throw std::invalid_argument("concurrent_map: with a limit of 0 nothing would ever run");
  std::vector<Result<T>> results(items.size());
  std::size_t next = 0;
  auto body = [&](TaskGroup& group) -> Task<> {
    for (std::size_t i = 0; i < std::min(limit, items.size()); ++i) {
      group.start(detail::map_some(items, function, results, next), "map " + std::to_string(i));
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

/// gather() with a limit: the tasks are begun in order, at most `limit` run at the same time.
template <class T>
Task<detail::MapResult<T>> gather_limited(std::size_t limit, std::vector<Task<T>> tasks) {
  return concurrent_map(limit, std::move(tasks), [](Task<T>& task) { return std::move(task); });
}

}  // namespace belfry::async
