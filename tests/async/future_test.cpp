// Promise and Future: from callbacks, from threads, broken, awaited by many.
#include "async/future.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("a future waits for its promise") {
  run_async([]() -> Task<> {
    Promise<int> promise;
    const Future<int> future = promise.future();
    CHECK_FALSE(future.ready());
    Loop::current().call_soon([&] { promise.set_value(7); });
    const int value = co_await future;
    CHECK(value == 7);
    CHECK(future.ready());
    const int again = co_await future;
    CHECK(again == 7);
  });
}

TEST_CASE("a value that can only be moved is taken out of the future") {
  run_async([]() -> Task<> {
    Promise<std::unique_ptr<int>> promise;
    promise.set_value(std::make_unique<int>(3));
    const std::unique_ptr<int> number = co_await promise.future();
    CHECK(*number == 3);
  });
}

TEST_CASE("several tasks wait for one future") {
  run_shuffled([]() -> Task<> {
    Promise<> promise;
    int woken = 0;
    auto wait = [&]() -> Task<> {
      co_await promise.future();
      ++woken;
    };
    std::vector<JoinHandle<>> handles;
    for (int i = 0; i < 5; ++i) handles.push_back(spawn(wait()));
    co_await sleep(1s);
    promise.set_value();
    CHECK(woken == 0);  // nobody is resumed within set_value
    for (JoinHandle<>& handle : handles) co_await handle;
    CHECK(woken == 5);
  });
}

TEST_CASE("a future rethrows what its promise was given") {
  run_async([]() -> Task<> {
    Promise<int> promise;
    promise.set_exception(std::make_exception_ptr(std::runtime_error("no value")));
    std::string what;
    try {
      (void)co_await promise.future();
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "no value");
  });
}

TEST_CASE("a promise takes one value") {
  run_async([]() -> Task<> {
    Promise<int> promise;
    promise.set_value(1);
    CHECK_THROWS_AS(promise.set_value(2), std::logic_error);
    CHECK_THROWS_AS(promise.set_value_threadsafe(2), std::logic_error);
    co_return;
  });
}

TEST_CASE("a dropped promise breaks its futures, on the loop and on a thread") {
  run_async([]() -> Task<> {
    auto promise = std::make_unique<Promise<int>>();
    const Future<int> here = promise->future();
    promise.reset();
    bool broken = false;
    try {
      (void)co_await here;
    } catch (const BrokenPromise&) {
      broken = true;
    }
    CHECK(broken);

    promise = std::make_unique<Promise<int>>();
    const Future<int> there = promise->future();
    std::jthread thread([&] { promise.reset(); });
    broken = false;
    try {
      (void)co_await there;
    } catch (const BrokenPromise&) {
      broken = true;
    }
    CHECK(broken);
  });
}

TEST_CASE("threads resolve promises") {
  run_real([]() -> Task<> {
    constexpr int count = 200;
    std::vector<Future<int>> futures;
    std::vector<Promise<int>> promises(count);
    for (Promise<int>& promise : promises) futures.push_back(promise.future());
    std::jthread thread([&] {
      for (int i = 0; i < count; ++i) promises[static_cast<std::size_t>(i)].set_value_threadsafe(i);
    });
    long sum = 0;
    for (const Future<int>& future : futures) {
      const int value = co_await future;
      sum += value;
    }
    CHECK(sum == count * (count - 1) / 2);
  });
}

TEST_CASE("a cancelled wait does not lose the value") {
  run_async([]() -> Task<> {
    Promise<int> promise;
    const Future<int> future = promise.future();
    auto wait = [&]() -> Task<> { (void)co_await future; };
    {
      const JoinHandle<> dropped = spawn(wait());
      co_await yield();
    }
    co_await yield();
    promise.set_value(2);
    const int value = co_await future;
    CHECK(value == 2);
  });
}

TEST_CASE("a promise outside a loop is an error") { CHECK_THROWS_AS(Promise<int>(), std::logic_error); }
