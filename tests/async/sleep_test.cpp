// sleep and yield: never early, in order of deadline, and no time passes under a manual clock.
#include "async/sleep.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

Task<> note_after(std::vector<int>& order, int number, Duration span) {
  co_await sleep(span);
  order.push_back(number);
}

}  // namespace

TEST_CASE("a manual clock jumps exactly to the deadline") {
  run_async([]() -> Task<> {
    Loop& loop = Loop::current();
    const std::int64_t start = loop.now_ns();
    const WallTime wall = loop.wall_now();
    co_await sleep(24h);
    CHECK(loop.now_ns() - start == Duration(24h).count());
    CHECK(loop.wall_now() - wall == 24h);
    co_await sleep_until(start + Duration(25h).count());
    CHECK(loop.now_ns() - start == Duration(25h).count());
  });
}

TEST_CASE("sleepers wake in the order of their deadlines") {
  run_shuffled([]() -> Task<> {
    std::vector<int> order;
    std::vector<JoinHandle<>> handles;
    handles.push_back(spawn(note_after(order, 3, 3s)));
    handles.push_back(spawn(note_after(order, 1, 1s)));
    handles.push_back(spawn(note_after(order, 2, 2s)));
    co_await sleep(10s);
    CHECK(order == std::vector{1, 2, 3});
  });
}

TEST_CASE("a deadline that has passed and a span of zero only yield") {
  run_async([]() -> Task<> {
    const std::int64_t start = Loop::current().now_ns();
    co_await sleep(0s);
    co_await sleep(-5s);
    co_await sleep_until(0);
    CHECK(Loop::current().now_ns() == start);
  });
}

TEST_CASE("the longest sleep there is does not overflow") {
  run_async([]() -> Task<> {
    auto forever = []() -> Task<> { co_await sleep(Duration::max()); };
    JoinHandle<> handle = spawn(forever());
    co_await sleep(1s);
    CHECK_FALSE(handle.done());
  });
}

TEST_CASE("yield lets everything that is ready run first") {
  run_async([]() -> Task<> {
    std::vector<int> order;
    std::vector<JoinHandle<>> handles;
    auto append = [&](int number) -> Task<> {
      order.push_back(number);
      co_return;
    };
    for (int i = 0; i < 3; ++i) handles.push_back(spawn(append(i)));
    co_await yield();
    order.push_back(9);
    CHECK(order == std::vector{0, 1, 2, 9});
  });
}

TEST_CASE("time moves by hand when the clock does not jump") {
  run_async([]() -> Task<> {
    test_clock().set_autojump(false);
    std::vector<int> order;
    JoinHandle<> handle = spawn(note_after(order, 1, 1s));
    co_await settle();
    test_clock().advance(999ms);
    co_await settle();
    CHECK(order.empty());
    test_clock().advance(1ms);
    co_await settle();
    CHECK(order.size() == 1);
    test_clock().set_autojump(true);
  });
}

TEST_CASE("a real sleep is never early") {
  run_real([]() -> Task<> {
    Loop& loop = Loop::current();
    for (const Duration span : {Duration(1us), Duration(700us), Duration(3ms)}) {
      const std::int64_t start = loop.now_ns();
      co_await sleep(span);
      CHECK(loop.now_ns() - start >= span.count());
    }
  });
}

TEST_CASE("a hundred thousand sleepers are cancelled and leave the heap empty") {
  run_async([]() -> Task<> {
    std::vector<int> order;
    {
      std::vector<JoinHandle<>> handles;
      for (int i = 0; i < 100'000; ++i) handles.push_back(spawn(note_after(order, i, 1h)));
      co_await sleep(1s);
      CHECK(Loop::current().timers().size() == 100'000);
    }
    CHECK(Loop::current().timers().empty());
    CHECK(order.empty());
    while (Loop::current().stats().tasks > 1) co_await yield();  // they end in the next batches
  });
}
