// race(): several tasks at once, the first that ends wins. As the first_completed of asyncio.wait, and structured: none
// outlives the co_await. Loop thread only.
//
//   const std::variant<Reply, std::monostate> first = co_await race(ask(server), stop.wait_task());
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "async/gather.hpp"
#include "async/result.hpp"
#include "async/task_group.hpp"

namespace belfry::async {

/// Who won, and what it returned (std::monostate for Task<>).
template <class T>
struct RaceResult {
  std::size_t index = 0;
  detail::GatherValue<T> value;
};

namespace detail {

/// Runs the task; if it is the first that ends, keeps what became of it and cancels the others.
template <class T>
Task<> run_racer(Task<T> task, std::size_t index, std::optional<std::size_t>& winner, Result<T>& result,
                 TaskGroup& group) {
  Result<T> mine;
  co_await keep_result(std::move(task), mine);
  if (winner) co_return;
  winner = index;
  result = std::move(mine);
  group.cancel(CancelReason::lost_race);
}

}  // namespace detail

/// Runs all tasks at the same time; the first that ends, by a value or an exception, wins. The others are cancelled
/// (CancelReason::lost_race) and waited for, and what becomes of them is dropped, errors too. Returns the winner's
/// value in the alternative of its index, or rethrows its exception. Of several that end in the same batch the one
/// whose step came first wins. Cancelling the caller cancels all and throws Cancelled, unless one had won before.
template <class... Ts>
  requires(sizeof...(Ts) > 0)
Task<std::variant<detail::GatherValue<Ts>...>> race(Task<Ts>... tasks) {
  std::tuple<Task<Ts>...> all(std::move(tasks)...);
  std::tuple<Result<Ts>...> results;
  std::optional<std::size_t> winner;
  auto body = [&](TaskGroup& group) -> Task<> {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (group.start(detail::run_racer(std::move(std::get<I>(all)), I, winner, std::get<I>(results), group),
                   "race " + std::to_string(I)),
       ...);
    }(std::index_sequence_for<Ts...>());
    co_return;
  };
  co_await with_task_group(std::move(body));
  if (!winner) check_cancelled();
  std::optional<std::variant<detail::GatherValue<Ts>...>> value;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((I == *winner ? void(value.emplace(std::in_place_index<I>, detail::take_value(std::get<I>(results)))) : void()),
     ...);
  }(std::index_sequence_for<Ts...>());
  co_return std::move(*value);
}

/// The same for any number of tasks of one type (at least one, std::invalid_argument).
template <class T>
Task<RaceResult<T>> race(std::vector<Task<T>> tasks) {
  if (tasks.empty()) throw std::invalid_argument("a race needs at least one task: nobody could win");
  Result<T> result;
  std::optional<std::size_t> winner;
  auto body = [&](TaskGroup& group) -> Task<> {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      group.start(detail::run_racer(std::move(tasks[i]), i, winner, result, group), "race " + std::to_string(i));
    }
    co_return;
  };
  co_await with_task_group(std::move(body));
  if (!winner) check_cancelled();
  co_return RaceResult<T>{*winner, detail::take_value(result)};
}

}  // namespace belfry::async
