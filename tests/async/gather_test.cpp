// gather: order, the first error, errors as values.
#include "async/gather.hpp"

#include <catch2/catch.hpp>

#include "async/nap.hpp"
#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

Task<int> fail_after(Duration span, const char* what) {
  co_await sleep(span);
  throw std::runtime_error(what);
}

}  // namespace

TEST_CASE("values come in the order of the arguments, not of completion") {
  run_shuffled([]() -> Task<> {
    auto text = []() -> Task<std::string> {
      co_await sleep(2s);
      co_return "two";
    };
    const std::int64_t start = Loop::current().now_ns();
    auto [one, two, three, nothing] = co_await gather(after(3s, 1), text(), after(1s, 3), nap(1s));
    CHECK(one == 1);
    CHECK(two == "two");
    CHECK(three == 3);
    CHECK(nothing == std::monostate());
    CHECK(Loop::current().now_ns() - start == Duration(3s).count());
  });
}

TEST_CASE("any number of tasks of one type gives a vector") {
  run_async([]() -> Task<> {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(after(std::chrono::seconds(5 - i), i));
    const std::vector<int> values = co_await gather(std::move(tasks));
    CHECK(values == std::vector{0, 1, 2, 3, 4});
    std::vector<Task<>> naps;
    naps.push_back(nap(1s));
    co_await gather(std::move(naps));
    const std::vector<int> none = co_await gather(std::vector<Task<int>>());
    CHECK(none.empty());
  });
}

TEST_CASE("the first error cancels the others and is rethrown when they have ended") {
  run_shuffled([]() -> Task<> {
    bool ended = false;
    auto other = [&]() -> Task<> {
      try {
        co_await sleep(1h);
      } catch (const Cancelled& cancelled) {
        CHECK(cancelled.reason() == CancelReason::sibling_failed);
        ended = true;
        throw std::runtime_error("later");
      }
    };
    std::string what;
    try {
      (void)co_await gather(other(), fail_after(1s, "first"), fail_after(2s, "never"));
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "first");
    CHECK(ended);
  });
}

TEST_CASE("a task that is cancelled by itself makes gather throw Cancelled") {
  run_async([]() -> Task<> {
    JoinHandle<int> other = spawn(after(1h, 1));
    auto joins = [&]() -> Task<int> {
      const int value = co_await other;
      co_return value;
    };
    Loop::current().call_soon([&] { other.cancel(CancelReason::replaced); });
    std::optional<CancelReason> reason;
    try {
      (void)co_await gather(joins(), after(1s, 2));
    } catch (const Cancelled& cancelled) {
      reason = cancelled.reason();
    }
    CHECK(reason == CancelReason::replaced);
  });
}

TEST_CASE("gather_results keeps every error as a value") {
  run_async([]() -> Task<> {
    std::vector<Task<int>> tasks;
    tasks.push_back(after(2s, 1));
    tasks.push_back(fail_after(1s, "broken"));
    tasks.push_back(after(3s, 3));
    std::vector<Result<int>> results = co_await gather_results(std::move(tasks));
    REQUIRE(results.size() == 3);
    CHECK(results[0].value() == 1);
    CHECK_FALSE(results[1].has_value());
    CHECK_THROWS_WITH(results[1].take(), "broken");
    CHECK(results[2].take() == 3);
  });
}

TEST_CASE("cancelling who gathers results cancels all and throws") {
  run_async([]() -> Task<> {
    auto gathers = []() -> Task<> {
      std::vector<Task<int>> tasks;
      tasks.push_back(after(1h, 1));
      (void)co_await gather_results(std::move(tasks));
    };
    JoinHandle<> handle = spawn(gathers());
    co_await sleep(1s);
    handle.cancel();
    bool cancelled = false;
    try {
      co_await handle;
    } catch (const Cancelled&) {
      cancelled = true;
    }
    CHECK(cancelled);
  });
}

TEST_CASE("ten thousand tasks are gathered") {
  run_async([]() -> Task<> {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 10'000; ++i) tasks.push_back(after(std::chrono::microseconds(i % 7), i));
    const std::vector<int> values = co_await gather(std::move(tasks));
    bool in_order = true;
    for (int i = 0; i < 10'000; ++i) in_order = in_order && values[static_cast<std::size_t>(i)] == i;
    CHECK(in_order);
  });
}
