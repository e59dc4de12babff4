// Task: values, exceptions, laziness, lifetimes, and a million awaits without a stack.
#include "async/task.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>

#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "support/async_fixture.hpp"
#include "support/counted.hpp"

using namespace belfry::async;
using namespace belfry::testing;

namespace {

Task<int> value(int number) { co_return number; }

Task<int> value_later(int number) {
  co_await yield();
  co_return number;
}

Task<> fail(const char* what) {
  co_await yield();
  throw std::runtime_error(what);
}

Task<int> depth(int levels) {
  if (levels == 0) {
    co_await yield();
    co_return 0;
  }
  const int below = co_await depth(levels - 1);
  co_return below + 1;
}

Task<> fail_at(int levels) {
  if (levels == 0) {
    co_await fail("deep");
  } else {
    co_await fail_at(levels - 1);
  }
}

Task<> hold(Counted counted, Event& event) {
  co_await event.wait();
  CHECK(counted.value == 7);
}

Task<> long_sleep() { co_await sleep(std::chrono::hours(2)); }

}  // namespace

TEST_CASE("a task does nothing until it is awaited") {
  bool ran = false;
  auto body = [&]() -> Task<> {
    ran = true;
    co_return;
  };
  run_async([&]() -> Task<> {
    Task<> task = body();
    CHECK_FALSE(ran);
    co_await std::move(task);
    CHECK(ran);
    CHECK_FALSE(task);
  });
}

TEST_CASE("a task returns values that can only be moved") {
  run_async([]() -> Task<> {
    auto make = []() -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
    const std::unique_ptr<int> number = co_await make();
    CHECK(*number == 5);
  });
}

TEST_CASE("an exception passes through every awaiting frame") {
  run_async([]() -> Task<> {
    std::string what;
    try {
      co_await fail_at(16);
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "deep");
  });
}

TEST_CASE("awaiting an empty task is an error, not a crash") {
  run_async([]() -> Task<> {
    Task<int> task = value(1);
    const int first = co_await std::move(task);
    CHECK(first == 1);
    bool refused = false;
    try {
      co_await std::move(task);
    } catch (const std::logic_error&) {
      refused = true;
    }
    CHECK(refused);
  });
}

TEST_CASE("a million awaits of tasks that finish at once use no stack") {
  run_async([]() -> Task<> {
    long sum = 0;
    for (int i = 0; i < 1'000'000; ++i) {
      const int one = co_await value(1);
      sum += one;
    }
    CHECK(sum == 1'000'000);
  });
}

TEST_CASE("a hundred thousand awaits of tasks that wait use no stack") {
  run_async([]() -> Task<> {
    long sum = 0;
    for (int i = 0; i < 100'000; ++i) {
      const int one = co_await value_later(1);
      sum += one;
    }
    CHECK(sum == 100'000);
  });
}

TEST_CASE("a chain of a thousand suspended tasks unwinds") {
  run_async([]() -> Task<> {
    const int levels = co_await depth(1000);
    CHECK(levels == 1000);
  });
}

TEST_CASE("parameters and results of a task are destroyed with it") {
  Counted::reset();
  run_async([]() -> Task<> {
    Event event;
    event.set();
    co_await hold(Counted(7), event);
    CHECK(Counted::counts.live == 0);
    CHECK(Counted::counts.copied == 0);
  });
  CHECK(Counted::counts.live == 0);
}

TEST_CASE("a task that is dropped before it began destroys its parameters") {
  Counted::reset();
  Event event;
  {
    const Task<> task = hold(Counted(7), event);
    CHECK(Counted::counts.live == 1);
  }
  CHECK(Counted::counts.live == 0);
}

TEST_CASE("frames that are destroyed while suspended leave nothing behind") {
  Counted::reset();
  ManualClock clock;
  Event event;
  {
    Loop loop(LoopOptions().clock(clock).shutdown_grace(std::chrono::seconds(1)));
    auto stubborn = [&]() -> Task<> {
      const Counted counted(1);
      for (;;) {
        try {
          co_await event.wait();
        } catch (const Cancelled&) {  // never do this: it ignores the shutdown
        }
        co_await shielded(long_sleep(), std::chrono::hours(1));
      }
    };
    auto main = [&]() -> Task<> {
      spawn(stubborn(), "stubborn").detach();
      co_await yield();
      CHECK(event.waiters() == 1);
    };
    run(loop, main());
    CHECK(loop.stats().destroyed_at_close == 1);
    loop.close();
  }
  CHECK(Counted::counts.live == 0);
  CHECK(event.waiters() == 0);
}
