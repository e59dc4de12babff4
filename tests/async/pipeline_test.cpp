// Pipelines: what each stage does, and that sources are closed.
#include "async/pipeline.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "async/cancel.hpp"
#include "async/timeout.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

/// 0, 1, 2, ... and notes that its clean-up, which awaits, ran to its end.
AsyncGenerator<int> naturals(int& closed, Duration pause = 0s) {
  std::exception_ptr error;
  try {
    for (int i = 0;; ++i) {
      if (pause > 0s) co_await sleep(pause);
      co_yield i;
    }
  } catch (...) {
    error = std::current_exception();
  }
  co_await shielded([]() -> Task<> { co_await sleep(1ms); }(), 1s);
  ++closed;
  std::rethrow_exception(error);
}

}  // namespace

TEST_CASE("stages compose, and an early end closes the source", "[pipeline]") {
  run_async([]() -> Task<> {
    int closed = 0;
    auto square_later = [](int value) -> Task<std::string> {
      co_await sleep(1s);
      co_return std::to_string(value * value);
    };
    std::vector<std::vector<std::string>> batches =
        co_await (naturals(closed) | filter([](int value) { return value % 2 == 1; }) | map(square_later) | take(5) |
                  batch(2) | collect());
    CHECK(batches == std::vector<std::vector<std::string>>{{"1", "9"}, {"25", "49"}, {"81"}});
    CHECK(closed == 1);
  });
}

TEST_CASE("move-only values pass through every stage, predicates may await", "[pipeline]") {
  run_async([]() -> Task<> {
    std::vector<std::unique_ptr<int>> boxes;
    for (int i = 0; i < 4; ++i) boxes.push_back(std::make_unique<int>(i));
    auto odd = [](const std::unique_ptr<int>& box) -> Task<bool> {
      co_await yield();
      co_return *box % 2 == 1;
    };
    std::vector<int> numbers = co_await (each(std::move(boxes)) | filter(odd) |
                                         map([](std::unique_ptr<int> box) { return *box; }) | collect());
    CHECK(numbers == std::vector{1, 3});
    std::vector<int> none = co_await (each(std::vector<int>{1}) | take(0) | collect());
    CHECK(none.empty());
    CHECK_THROWS_AS(batch(0), std::invalid_argument);
  });
}

TEST_CASE("an error in a stage closes the stages before it and passes", "[pipeline]") {
  run_async([]() -> Task<> {
    int closed = 0;
    auto explode = [](int value) {
      if (value == 3) throw std::runtime_error("three");
      return value;
    };
    bool failed = false;
    try {
      (void)co_await (naturals(closed) | map(explode) | batch(10) | collect());
    } catch (const std::runtime_error&) {
      failed = true;
    }
    CHECK(failed);
    CHECK(closed == 1);
  });
}

TEST_CASE("cancellation closes every stage, and its clean-up may await", "[pipeline]") {
  run_async([]() -> Task<> {
    int closed = 0;
    const auto items =
        co_await move_on_after(10s, naturals(closed, 1s) | map([](int value) { return value; }) | collect());
    CHECK_FALSE(items);
    CHECK(closed == 1);
  });
}

TEST_CASE("merge gives the values of all sources as they come", "[pipeline]") {
  run_shuffled([]() -> Task<> {
    auto paced = [](Duration pace, int first, int count) -> AsyncGenerator<int> {
      for (int i = 0; i < count; ++i) {
        co_await sleep(pace);
        co_yield first + i;
      }
    };
    std::vector<int> all = co_await (merge(paced(2s, 100, 3), paced(3s, 200, 2), paced(7s, 300, 1)) | collect());
    CHECK(all.back() == 300);
    std::sort(all.begin(), all.end());
    CHECK(all == std::vector{100, 101, 102, 200, 201, 300});
    std::vector<int> none = co_await (merge(std::vector<AsyncGenerator<int>>()) | collect());
    CHECK(none.empty());
  });
}

TEST_CASE("the first error of a merge ends the other sources and passes", "[pipeline]") {
  run_shuffled([]() -> Task<> {
    int closed = 0;
    auto fails = []() -> AsyncGenerator<int> {
      co_await sleep(5s);
      throw std::runtime_error("source");
      co_yield 0;
    };
    bool failed = false;
    try {
      (void)co_await (merge(naturals(closed, 1s), fails()) | collect());
    } catch (const std::runtime_error&) {
      failed = true;
    }
    CHECK(failed);
    CHECK(closed == 1);
  });
}

TEST_CASE("a merge that is closed early closes its sources; a dropped one leaves no task", "[pipeline]") {
  run_async([]() -> Task<> {
    int closed = 0;
    std::vector<int> first = co_await (merge(naturals(closed, 1s), naturals(closed, 2s)) | take(4) | collect());
    CHECK(first.size() == 4);
    CHECK(closed == 2);
    {
      AsyncGenerator<int> dropped = merge(naturals(closed, 1s), naturals(closed, 2s));
      (void)co_await dropped.next();
    }
    co_await sleep(1s);  // the fixture checks that no task is left
  });
}
