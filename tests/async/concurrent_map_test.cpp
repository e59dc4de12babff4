// concurrent_map, gather_limited: order of values, the limit, errors.
#include "async/concurrent_map.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>
#include <vector>

#include "async/sleep.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("values come in the order of the items, never more than the limit at a time", "[concurrent_map]") {
  run_shuffled([]() -> Task<> {
    int running = 0;
    int most = 0;
    auto square = [&](std::unique_ptr<int>& item) -> Task<int> {
      most = std::max(most, ++running);
      co_await sleep(std::chrono::seconds(10 - *item));
      --running;
      co_return *item** item;
    };
    std::vector<std::unique_ptr<int>> items;
    for (int i = 0; i < 8; ++i) items.push_back(std::make_unique<int>(i));
    const std::vector<int> squares = co_await concurrent_map(3, std::move(items), square);
    CHECK(squares == std::vector{0, 1, 4, 9, 16, 25, 36, 49});
    CHECK(most == 3);
  });
}

TEST_CASE("the first error ends it and begins nothing more", "[concurrent_map]") {
  run_async([]() -> Task<> {
    int begun = 0;
    auto work = [&](int item) -> Task<> {
      ++begun;
      co_await sleep(1s);
      if (item == 1) throw std::runtime_error("one");
    };
    bool failed = false;
    try {
      co_await concurrent_map(2, std::vector{0, 1, 2, 3, 4, 5}, work);
    } catch (const std::runtime_error&) {
      failed = true;
    }
    CHECK(failed);
    CHECK(begun <= 3);
    bool refused = false;
    try {
      co_await concurrent_map(0, std::vector{1}, work);
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    CHECK(refused);
  });
}

TEST_CASE("gather_limited takes tasks that are there already", "[concurrent_map]") {
  run_async([]() -> Task<> {
    auto work = [](int number) -> Task<int> {
      co_await sleep(1s);
      co_return number;
    };
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(work(i));
    const std::int64_t before = Loop::current().now_ns();
    const std::vector<int> values = co_await gather_limited(2, std::move(tasks));
    CHECK(values == std::vector{0, 1, 2, 3, 4});
    CHECK(Loop::current().now_ns() - before == Duration(3s).count());
    const std::vector<int> none = co_await gather_limited(2, std::vector<Task<int>>());
    CHECK(none.empty());
  });
}
