// AsyncGenerator: values, exceptions, closing, dropping.
#include "async/generator.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "async/cancel.hpp"
#include "async/spawn.hpp"
#include "async/timeout.hpp"
#include "support/async_fixture.hpp"
#include "support/counted.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

AsyncGenerator<int> count_to(int end) {
  for (int i = 0; i < end; ++i) {
    if (i % 2 == 1) co_await sleep(1s);
    co_yield i;
  }
}

/// Notes how it ends, and awaits while it cleans up.
AsyncGenerator<int> with_clean_up(std::string& log) {
  std::exception_ptr error;
  try {
    for (int i = 0;; ++i) co_yield i;
  } catch (const GeneratorExit&) {
    error = std::current_exception();
    log += "exit ";
  }
  co_await sleep(1s);
  log += "cleaned";
  std::rethrow_exception(error);
}

}  // namespace

TEST_CASE("a generator gives its values in order, then nothing for ever", "[generator]") {
  run_async([]() -> Task<> {
    AsyncGenerator<int> numbers = count_to(5);
    std::vector<int> got;
    while (const std::optional<int> number = co_await numbers.next()) got.push_back(*number);
    CHECK(got == std::vector{0, 1, 2, 3, 4});
    const std::optional<int> after = co_await numbers.next();
    CHECK_FALSE(after);
    co_await numbers.aclose();
    AsyncGenerator<int> empty;
    const std::optional<int> none = co_await empty.next();
    CHECK_FALSE(none);
  });
}

TEST_CASE("a generator is lazy and moves its values", "[generator]") {
  run_async([]() -> Task<> {
    int begun = 0;
    auto boxes = [](int& runs) -> AsyncGenerator<std::unique_ptr<int>> {
      ++runs;
      co_yield std::make_unique<int>(7);
    };
    AsyncGenerator<std::unique_ptr<int>> generator = boxes(begun);
    co_await yield();
    CHECK(begun == 0);
    AsyncGenerator<std::unique_ptr<int>> moved = std::move(generator);
    const std::optional<std::unique_ptr<int>> box = co_await moved.next();
    REQUIRE(box);
    CHECK(**box == 7);
    CHECK(begun == 1);
  });
}

TEST_CASE("a million values that need no wait use no stack", "[generator]") {
  run_async([]() -> Task<> {
    auto numbers = []() -> AsyncGenerator<int> {
      for (int i = 1; i <= 1'000'000; ++i) co_yield i;
    };
    AsyncGenerator<int> generator = numbers();
    std::int64_t sum = 0;
    while (const std::optional<int> number = co_await generator.next()) sum += *number;
    CHECK(sum == 500'000'500'000);
  });
}

TEST_CASE("an exception of the body is thrown by next, and then it has ended", "[generator]") {
  run_async([]() -> Task<> {
    auto fails = []() -> AsyncGenerator<int> {
      co_yield 1;
      co_await sleep(1s);
      throw std::runtime_error("no more");
    };
    AsyncGenerator<int> generator = fails();
    const std::optional<int> first = co_await generator.next();
    CHECK(first == 1);
    std::string what;
    try {
      (void)co_await generator.next();
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "no more");
    const std::optional<int> after = co_await generator.next();
    CHECK_FALSE(after);
  });
}

TEST_CASE("aclose throws GeneratorExit at the yield and waits for the clean-up", "[generator]") {
  run_async([]() -> Task<> {
    std::string log;
    AsyncGenerator<int> generator = with_clean_up(log);
    const std::optional<int> first = co_await generator.next();
    CHECK(first == 0);
    co_await generator.aclose();
    CHECK(log == "exit cleaned");
    const std::optional<int> after = co_await generator.next();
    CHECK_FALSE(after);
    co_await generator.aclose();  // once more changes nothing
  });
}

TEST_CASE("aclose of a generator that has not begun runs nothing", "[generator]") {
  run_async([]() -> Task<> {
    std::string log;
    AsyncGenerator<int> generator = with_clean_up(log);
    co_await generator.aclose();
    CHECK(log.empty());
    const std::optional<int> none = co_await generator.next();
    CHECK_FALSE(none);
  });
}

TEST_CASE("a generator that yields although it is closed is told so", "[generator]") {
  run_async([]() -> Task<> {
    auto stubborn = []() -> AsyncGenerator<int> {
      for (int i = 0;; ++i) {
        try {
          co_yield i;
        } catch (const GeneratorExit&) {
        }
      }
    };
    AsyncGenerator<int> generator = stubborn();
    (void)co_await generator.next();
    bool told = false;
    try {
      co_await generator.aclose();
    } catch (const std::logic_error&) {
      told = true;
    }
    CHECK(told);
    const std::optional<int> none = co_await generator.next();
    CHECK_FALSE(none);
  });
}

TEST_CASE("a generator that is dropped half-way destroys its locals", "[generator]") {
  Counted::reset();
  run_async([]() -> Task<> {
    auto holds = []() -> AsyncGenerator<int> {
      const Counted kept;
      co_yield 1;
      co_yield 2;
    };
    {
      AsyncGenerator<int> generator = holds();
      (void)co_await generator.next();
      CHECK(Counted::counts.live == 1);
    }
    CHECK(Counted::counts.live == 0);
  });
}

TEST_CASE("cancellation reaches the await in the body, and the clean-up of the consumer", "[generator]") {
  run_async([]() -> Task<> {
    int last = -1;
    auto slow = []() -> AsyncGenerator<int> {
      for (int i = 0;; ++i) {
        co_await sleep(1s);
        co_yield i;
      }
    };
    auto consume = [&]() -> Task<> {
      AsyncGenerator<int> numbers = slow();
      while (const std::optional<int> number = co_await numbers.next()) last = *number;
    };
    const bool ended = co_await move_on_after(3500ms, consume());
    CHECK_FALSE(ended);
    CHECK(last == 2);
  });
}

TEST_CASE("one next at a time", "[generator]") {
  run_async([]() -> Task<> {
    AsyncGenerator<int> numbers = count_to(3);
    (void)co_await numbers.next();
    auto take = [&]() -> Task<> { (void)co_await numbers.next(); };
    JoinHandle<> first = spawn(take());  // sleeps in the body
    co_await yield();
    int told = 0;
    try {
      (void)co_await numbers.next();
    } catch (const std::logic_error&) {
      ++told;
    }
    try {
      co_await numbers.aclose();
    } catch (const std::logic_error&) {
      ++told;
    }
    CHECK(told == 2);
    co_await first;
    const std::optional<int> last = co_await numbers.next();  // by another task than the one before
    CHECK(last == 2);
  });
}
