// spawn and JoinHandle: ownership, joining, cancelling, detaching.
#include "async/spawn.hpp"
#include "async/nap.hpp"

#include <catch2/catch.hpp>
#include <memory>

#include "async/event.hpp"
#include "support/async_fixture.hpp"
#include "support/counted.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

Task<> fail() {
  co_await yield();
  throw std::runtime_error("broken");
}

}  // namespace

TEST_CASE("a spawned task begins in the next batch, not within spawn") {
  run_async([]() -> Task<> {
    bool ran = false;
    auto body = [&]() -> Task<> {
      ran = true;
      co_return;
    };
    JoinHandle<> handle = spawn(body());
    CHECK_FALSE(ran);
    CHECK_FALSE(handle.done());
    co_await yield();
    CHECK(ran);
    CHECK(handle.done());
    co_await handle;
  });
}

TEST_CASE("join gives the value, whether the task has ended or not") {
  run_async([]() -> Task<> {
    JoinHandle<int> slow = spawn(after(1s, 1), "slow");
    CHECK(slow.name() == "slow");
    const int first = co_await std::move(slow).join();
    CHECK(first == 1);
    JoinHandle<int> fast = spawn(after(0s, 2));
    co_await sleep(1s);
    CHECK(fast.done());
    const int second = co_await fast;
    CHECK(second == 2);
  });
}

TEST_CASE("join moves values that can only be moved") {
  run_async([]() -> Task<> {
    auto make = []() -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(1); };
    JoinHandle<std::unique_ptr<int>> handle = spawn(make());
    const std::unique_ptr<int> number = co_await handle;
    CHECK(*number == 1);
  });
}

TEST_CASE("join rethrows, and a result is taken once") {
  run_async([]() -> Task<> {
    JoinHandle<> handle = spawn(fail());
    std::string what;
    try {
      co_await handle;
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "broken");
    bool refused = false;
    try {
      co_await handle;
    } catch (const std::logic_error&) {
      refused = true;
    }
    CHECK(refused);
    CHECK(Loop::current().stats().errors_not_retrieved == 0);
  });
}

TEST_CASE("a task that is cancelled before it began never runs its body") {
  run_async([]() -> Task<> {
    bool ran = false;
    auto body = [&]() -> Task<> {
      ran = true;
      co_return;
    };
    JoinHandle<> handle = spawn(body());
    handle.cancel();
    bool cancelled = false;
    try {
      co_await handle;
    } catch (const Cancelled&) {
      cancelled = true;
    }
    CHECK(cancelled);
    CHECK_FALSE(ran);
  });
}

TEST_CASE("dropping the handle cancels the task, which cleans up alone") {
  run_async([]() -> Task<> {
    std::optional<CancelReason> reason;
    auto body = [&]() -> Task<> {
      try {
        co_await sleep(1h);
      } catch (const Cancelled& cancelled) {
        reason = cancelled.reason();
        throw;
      }
    };
    {
      const JoinHandle<> handle = spawn(body());
      co_await yield();
    }
    CHECK_FALSE(reason);  // not within the destructor
    co_await yield();
    CHECK(reason == CancelReason::owner_gone);
  });
}

TEST_CASE("assigning to a handle drops the task that it held") {
  run_async([]() -> Task<> {
    JoinHandle<int> handle = spawn(after(1h, 1), "old");
    co_await yield();
    handle = spawn(after(1s, 2), "new");
    const int value = co_await handle;
    CHECK(value == 2);
    CHECK(all_tasks(Loop::current()).size() == 1);
  });
}

TEST_CASE("a detached task runs to its end, and its error is counted") {
  run_async([]() -> Task<> {
    Event done;
    auto body = [&]() -> Task<> {
      co_await sleep(1s);
      done.set();
      throw std::runtime_error("nobody hears this");
    };
    spawn(body()).detach();
    co_await done.wait();
    co_await yield();
    CHECK(Loop::current().stats().errors_not_retrieved == 1);
  });
}

TEST_CASE("an error in a dropped handle is counted, a cancellation is not") {
  run_async([]() -> Task<> {
    {
      JoinHandle<> failed = spawn(fail());
      co_await sleep(1s);
      CHECK(failed.done());
      const JoinHandle<int> cancelled = spawn(after(1h, 1));
    }
    co_await settle();
    CHECK(Loop::current().stats().errors_not_retrieved == 1);
  });
}

TEST_CASE("a task that joins itself is told") {
  run_async([]() -> Task<> {
    JoinHandle<> handle;
    bool refused = false;
    auto body = [&]() -> Task<> {
      try {
        co_await handle;
      } catch (const std::logic_error&) {
        refused = true;
      }
    };
    handle = spawn(body());
    co_await yield();
    CHECK(refused);
    co_await handle;
  });
}

TEST_CASE("the cancellation of the spawning task does not reach the spawned one") {
  run_async([]() -> Task<> {
    JoinHandle<int> child;
    auto parent = [&]() -> Task<> {
      child = spawn(after(10s, 4));
      co_await sleep(1h);
    };
    JoinHandle<> handle = spawn(parent());
    co_await sleep(1s);
    handle.cancel();
    const int value = co_await child;
    CHECK(value == 4);
  });
}

TEST_CASE("parameters of a task end with it, not with its handle") {
  Counted::reset();
  run_async([]() -> Task<> {
    auto body = [](Counted) -> Task<> { co_return; };
    JoinHandle<> handle = spawn(body(Counted(1)));
    co_await yield();
    CHECK(handle.done());
    CHECK(Counted::counts.live == 0);
    co_await handle;
  });
}

TEST_CASE("spawn outside a loop is an error") { CHECK_THROWS_AS((void)spawn(fail()), std::logic_error); }
