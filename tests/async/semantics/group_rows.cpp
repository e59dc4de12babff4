// What people who know asyncio expect of gather() and task groups; see task_rows.cpp.
#include <catch2/catch.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/gather.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "async/task_group.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

Task<int> succeed(int value) {
  co_await yield();
  co_return value;
}

Task<int> fail(std::string message) {
  co_await yield();
  throw std::runtime_error(message);
}

Task<> fail_in(Duration span, std::string message) {
  co_await sleep(span);
  throw std::runtime_error(message);
}

/// Sleeps an hour; notes the mark when it is cancelled.
Task<> hour(std::string& log, char mark) {
  try {
    co_await sleep(1h);
  } catch (const Cancelled&) {
    log += mark;
    throw;
  }
}

std::string message_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  }
}

}  // namespace

TEST_CASE("gather-05: collected errors are in their places and nothing is thrown") {
  run_async([]() -> Task<> {
    std::vector<Task<int>> tasks;
    tasks.push_back(succeed(1));
    tasks.push_back(fail("second"));
    tasks.push_back(succeed(3));
    const std::vector<Result<int>> results = co_await gather_results(std::move(tasks));
    REQUIRE(results.size() == 3);
    CHECK(results[0].value() == 1);
    CHECK(message_of(results[1].error()) == "second");
    CHECK(results[2].value() == 3);
  });
}

TEST_CASE("gather-06: cancelling who awaits a gather cancels all members that have not ended") {
  run_async([]() -> Task<> {
    std::string log;
    auto outer = [&]() -> Task<> { co_await gather(hour(log, 'a'), succeed(1), hour(log, 'c')); };
    JoinHandle<> task = spawn(outer());
    co_await settle();
    task.cancel();
    co_await settle();
    CHECK(task.done());
    CHECK(log.size() == 2);
  });
}

TEST_CASE("group-01: leaving a group waits for its members") {
  run_async([]() -> Task<> {
    std::string log;
    auto member = [&](Duration span, char mark) -> Task<> {
      co_await sleep(span);
      log += mark;
    };
    co_await with_task_group([&](TaskGroup& group) -> Task<> {
      group.start(member(2s, '2'));
      group.start(member(1s, '1'));
      log += 'b';
      co_return;
    });
    log += 'l';
    CHECK(log == "b12l");
  });
}

TEST_CASE("group-08: a member that is cancelled on its own does not touch the others, and nothing is thrown") {
  run_async([]() -> Task<> {
    std::string log;
    CancelScope alone;
    auto member = [&](char mark) -> Task<> {
      co_await sleep(2s);
      log += mark;
    };
    auto cancellable = [&]() -> Task<> { (void)co_await alone.run(hour(log, 'x')); };
    JoinHandle<> elsewhere = spawn(hour(log, 'y'));
    auto ends_by_cancelled = [&]() -> Task<> { co_await elsewhere; };
    co_await with_task_group([&](TaskGroup& group) -> Task<> {
      group.start(member('a'));
      group.start(cancellable());
      group.start(ends_by_cancelled());
      co_await sleep(1s);
      alone.cancel();
      elsewhere.cancel();
    });
    CHECK(log.substr(0, 2).find_first_not_of("xy") == std::string::npos);
    CHECK(log.substr(2) == "a");
  });
}

TEST_CASE("group-09: cancelling who owns a group cancels and awaits the members, then the plain cancellation goes on") {
  run_async([]() -> Task<> {
    std::string log;
    auto slow_to_end = [&]() -> Task<> {
      try {
        co_await sleep(1h);
      } catch (const Cancelled&) {
        log += "cleaning ";
      }
      auto clean = []() -> Task<> { co_await sleep(1s); };
      co_await shielded(clean(), 10s);
      log += "clean ";
      check_cancelled();
    };
    auto owner = [&]() -> Task<> {
      try {
        co_await with_task_group([&](TaskGroup& group) -> Task<> {
          group.start(slow_to_end());
          group.start(hour(log, '.'));
          co_return;
        });
      } catch (const TaskGroupError&) {
        log += "group error";
      } catch (const Cancelled&) {
        log += "cancelled";
      }
    };
    JoinHandle<> task = spawn(owner());
    co_await settle();
    task.cancel();
    co_await task;
    std::erase(log, '.');
    CHECK(log == "cleaning clean cancelled");
  });
}

TEST_CASE("group-16: the errors of an inner group arrive in the outer group's error as one group error") {
  run_async([]() -> Task<> {
    auto inner = []() -> Task<> {
      co_await with_task_group([](TaskGroup& group) -> Task<> {
        group.start(fail_in(1s, "inner 1"));
        group.start(fail_in(1s, "inner 2"));
        co_return;
      });
    };
    std::vector<std::exception_ptr> errors;
    try {
      co_await with_task_group([&](TaskGroup& group) -> Task<> {
        group.start(inner());
        group.start(fail_in(1s, "outer"));
        co_return;
      });
    } catch (const TaskGroupError& error) {
      errors = error.errors();
    }
    REQUIRE(errors.size() == 2);
    int groups = 0;
    for (const std::exception_ptr& error : errors) {
      try {
        std::rethrow_exception(error);
      } catch (const TaskGroupError& nested) {
        ++groups;
        CHECK(nested.errors().size() == 2);
      } catch (const std::runtime_error& plain) {
        CHECK(std::string(plain.what()) == "outer");
      }
    }
    CHECK(groups == 1);
  });
}

TEST_CASE("differs gather-10: a coroutine cannot be given twice; what two places need is awaited once and copied") {
  static_assert(!std::is_copy_constructible_v<Task<int>>);
  run_async([]() -> Task<> {
    int runs = 0;
    auto work = [&]() -> Task<int> {
      ++runs;
      co_await yield();
      co_return 4;
    };
    JoinHandle<int> once = spawn(work());
    const int value = co_await once;
    const std::vector<int> both{value, value};
    CHECK(both == std::vector{4, 4});
    CHECK(runs == 1);
  });
}
