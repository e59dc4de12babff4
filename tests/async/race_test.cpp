// race and as_completed: who is first, what becomes of the rest.
#include "async/race.hpp"
#include "async/nap.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "async/as_completed.hpp"
#include "async/cancel.hpp"
#include "async/timeout.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

Task<int> fails_after(std::chrono::seconds delay) {
  co_await sleep(delay);
  throw std::runtime_error("failed");
}

/// Takes a while to clean up when it is cancelled, and notes why it was.
Task<int> cleans_up(std::optional<CancelReason>& reason) {
  try {
    co_await sleep(1h);
  } catch (const Cancelled& cancelled) {
    reason = cancelled.reason();
  }
  co_await shielded([]() -> Task<> { co_await sleep(5s); }(), 1h);
  co_return 0;
}

}  // namespace

TEST_CASE("the first that ends wins, the others are cancelled and waited for", "[race]") {
  run_shuffled([]() -> Task<> {
    std::optional<CancelReason> reason;
    const std::int64_t began = Loop::current().now_ns();
    std::vector<Task<int>> tasks;
    tasks.push_back(cleans_up(reason));
    tasks.push_back(after(2s, 7));
    tasks.push_back(after(3s, 8));
    const RaceResult<int> first = co_await race(std::move(tasks));
    CHECK(first.index == 1);
    CHECK(first.value == 7);
    CHECK(reason == CancelReason::lost_race);
    CHECK(Loop::current().now_ns() - began == Duration(7s).count());  // with the clean-up of the loser
  });
}

TEST_CASE("tasks of different types race, the alternative tells who won", "[race]") {
  run_async([]() -> Task<> {
    auto text = []() -> Task<std::string> {
      co_await sleep(1s);
      co_return "text";
    };
    auto nothing = []() -> Task<> { co_await sleep(2s); };
    const std::variant<int, std::string, std::monostate> first = co_await race(after(3s, 1), text(), nothing());
    REQUIRE(first.index() == 1);
    CHECK(std::get<1>(first) == "text");
    const std::variant<int, int> same = co_await race(after(2s, 1), after(1s, 2));
    CHECK(same.index() == 1);
  });
}

TEST_CASE("an exception wins as well as a value", "[race]") {
  run_async([]() -> Task<> {
    bool failed = false;
    try {
      (void)co_await race(after(2s, 1), fails_after(1s));
    } catch (const std::runtime_error&) {
      failed = true;
    }
    CHECK(failed);
    const std::variant<int, int> first = co_await race(after(1s, 1), fails_after(2s));
    CHECK(std::get<0>(first) == 1);
    CHECK(Loop::current().stats().errors_not_retrieved == 0);
  });
}

TEST_CASE("a race without runners is refused, a cancelled one ends", "[race]") {
  run_async([]() -> Task<> {
    bool refused = false;
    try {
      (void)co_await race(std::vector<Task<int>>());
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    CHECK(refused);
    const auto late = co_await move_on_after(1s, race(after(2s, 1), after(3s, 2)));
    CHECK_FALSE(late);
  });
}

TEST_CASE("as_completed gives each result when it is there, errors as values", "[as_completed]") {
  run_shuffled([]() -> Task<> {
    std::vector<Task<int>> tasks;
    tasks.push_back(after(3s, 3));
    tasks.push_back(fails_after(1s));
    tasks.push_back(after(2s, 2));
    AsyncGenerator<Completed<int>> results = as_completed(std::move(tasks));
    std::vector<std::size_t> order;
    while (const std::optional<Completed<int>> one = co_await results.next()) {
      order.push_back(one->index);
      CHECK(one->result.has_value() == (one->index != 1));
    }
    CHECK(order == std::vector<std::size_t>{1, 2, 0});
  });
}

TEST_CASE("closing as_completed cancels what is left and waits for it", "[as_completed]") {
  run_async([]() -> Task<> {
    std::optional<CancelReason> reason;
    std::vector<Task<int>> tasks;
    tasks.push_back(after(1s, 1));
    tasks.push_back(cleans_up(reason));
    AsyncGenerator<Completed<int>> results = as_completed(std::move(tasks));
    const std::optional<Completed<int>> first = co_await results.next();
    CHECK(first->index == 0);
    const std::int64_t closed = Loop::current().now_ns();
    co_await results.aclose();
    CHECK(Loop::current().now_ns() - closed == Duration(5s).count());
    CHECK(reason == CancelReason::owner_gone);
  });
}

TEST_CASE("cancelling the consumer of as_completed, and dropping it, cancels the tasks", "[as_completed]") {
  run_async([]() -> Task<> {
    std::optional<CancelReason> reason;
    auto consume = [&]() -> Task<> {
      std::vector<Task<int>> tasks;
      tasks.push_back(cleans_up(reason));
      AsyncGenerator<Completed<int>> results = as_completed(std::move(tasks));
      (void)co_await results.next();
    };
    const bool ended = co_await move_on_after(1s, consume());
    CHECK_FALSE(ended);
    CHECK(reason == CancelReason::owner_gone);

    std::vector<Task<int>> tasks;
    tasks.push_back(after(1s, 1));
    tasks.push_back(after(1h, 2));
    {
      AsyncGenerator<Completed<int>> results = as_completed(std::move(tasks));
      (void)co_await results.next();
    }
    co_await settle();  // the fixture checks that no task is left
  });
}
