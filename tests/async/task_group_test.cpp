// Task groups: nothing outlives them, failures cancel the others, errors are collected.
#include "async/task_group.hpp"
#include "async/nap.hpp"

#include <catch2/catch.hpp>

#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/gather.hpp"
#include "support/async_fixture.hpp"
#include "support/counted.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

Task<> fail_after(Duration span, const char* what) {
  co_await sleep(span);
  throw std::runtime_error(what);
}

Task<> note(std::vector<int>& into, int number, Duration after) {
  co_await sleep(after);
  into.push_back(number);
}

Task<> note_reason(std::optional<CancelReason>& reason) {
  try {
    co_await sleep(1h);
  } catch (const Cancelled& cancelled) {
    reason = cancelled.reason();
    throw;
  }
}

}  // namespace

TEST_CASE("a group waits for all its tasks") {
  run_shuffled([]() -> Task<> {
    std::vector<int> done;
    auto body = [&](TaskGroup& group) -> Task<> {
      group.start(note(done, 2, 2s), "second");
      group.start(note(done, 1, 1s), "first");
      CHECK(group.size() == 2);
      co_return;
    };
    co_await with_task_group(body);
    CHECK(done == std::vector{1, 2});
  });
}

TEST_CASE("an empty group ends at once") {
  run_async([]() -> Task<> { co_await with_task_group([](TaskGroup&) -> Task<> { co_return; }); });
}

TEST_CASE("a task of a group may start further tasks") {
  run_async([]() -> Task<> {
    std::vector<int> done;
    auto body = [&](TaskGroup& group) -> Task<> {
      auto starter = [&]() -> Task<> {
        co_await sleep(1s);
        group.start(note(done, 2, 1s));
        done.push_back(1);
      };
      group.start(starter());
      co_await sleep(10s);
    };
    co_await with_task_group(body);
    CHECK(done == std::vector{1, 2});
  });
}

TEST_CASE("the only failure of a group is rethrown as itself, after the others were cancelled and have ended") {
  run_shuffled([]() -> Task<> {
    std::optional<CancelReason> reason;
    auto body = [&](TaskGroup& group) -> Task<> {
      group.start(note_reason(reason));
      group.start(fail_after(1s, "broken"));
      co_await sleep(1h);
    };
    std::string what;
    try {
      co_await with_task_group(body);
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "broken");
    CHECK(reason == CancelReason::sibling_failed);
  });
}

TEST_CASE("a failure of the body cancels the tasks") {
  run_async([]() -> Task<> {
    std::optional<CancelReason> reason;
    auto body = [&](TaskGroup& group) -> Task<> {
      group.start(note_reason(reason));
      co_await fail_after(1s, "body");
    };
    std::string what;
    try {
      co_await with_task_group(body);
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "body");
    CHECK(reason == CancelReason::sibling_failed);
  });
}

TEST_CASE("several failures are collected in order") {
  run_async([]() -> Task<> {
    auto fails_in_clean_up = []() -> Task<> {
      try {
        co_await sleep(1h);
      } catch (const Cancelled&) {
        throw std::runtime_error("clean-up");
      }
    };
    auto body = [&](TaskGroup& group) -> Task<> {
      group.start(fails_in_clean_up());
      group.start(fail_after(1s, "first"));
      co_return;
    };
    std::string what;
    std::size_t errors = 0;
    try {
      co_await with_task_group(body);
    } catch (const TaskGroupError& error) {
      what = error.what();
      errors = error.errors().size();
    }
    CHECK(errors == 2);
    CHECK(what == "2 tasks of the group failed: first; clean-up");
  });
}

TEST_CASE("a cancelled group returns normally") {
  run_shuffled([]() -> Task<> {
    std::optional<CancelReason> reason;
    auto body = [&](TaskGroup& group) -> Task<> {
      group.start(note_reason(reason));
      co_await sleep(1s);
      group.cancel(CancelReason::replaced);
      CHECK(group.cancelled());
      co_await sleep(1h);
    };
    co_await with_task_group(body);
    CHECK(reason == CancelReason::replaced);
  });
}

TEST_CASE("a task that is started in a cancelled group never runs its body") {
  run_async([]() -> Task<> {
    bool ran = false;
    auto never = [&]() -> Task<> {
      ran = true;
      co_return;
    };
    auto body = [&](TaskGroup& group) -> Task<> {
      group.cancel();
      group.start(never());
      co_return;
    };
    co_await with_task_group(body);
    CHECK_FALSE(ran);
  });
}

TEST_CASE("cancelling who runs the group cancels body and tasks, and passes") {
  run_shuffled([]() -> Task<> {
    std::optional<CancelReason> reason;
    auto group_task = [&]() -> Task<> {
      auto body = [&](TaskGroup& group) -> Task<> {
        group.start(note_reason(reason));
        co_return;
      };
      co_await with_task_group(body);
    };
    JoinHandle<> handle = spawn(group_task());
    co_await sleep(1s);
    handle.cancel(CancelReason::shutdown);
    std::optional<CancelReason> joined;
    try {
      co_await handle;
    } catch (const Cancelled& cancelled) {
      joined = cancelled.reason();
    }
    CHECK(joined == CancelReason::shutdown);
    CHECK(reason == CancelReason::shutdown);
  });
}

TEST_CASE("the group's lambda may capture by value: it is kept while it is needed") {
  Counted::reset();
  run_async([]() -> Task<> {
    auto make = []() {
      return with_task_group([counted = Counted(3)](TaskGroup& group) -> Task<> {
        group.start(nap(1s));
        co_await sleep(2s);
        CHECK(counted.value == 3);
      });
    };
    co_await make();
  });
  CHECK(Counted::counts.live == 0);
}

TEST_CASE("a group that is destroyed in mid-flight leaves its tasks without an owner, not with a dead one") {
  Counted::reset();
  ManualClock clock;
  {
    Loop loop(LoopOptions().clock(clock).shutdown_grace(1s));
    auto stubborn = []() -> Task<> {
      const Counted counted(1);
      for (;;) co_await shielded(nap(1h), 10h);
    };
    auto body = [&](TaskGroup& group) -> Task<> {
      group.start(stubborn());
      group.start(stubborn());
      co_await yield();
    };
    auto main = [&]() -> Task<> {
      spawn(with_task_group(body), "group").detach();
      co_await sleep(1s);
      CHECK(Counted::counts.live == 2);
    };
    run(loop, main());
    CHECK(loop.stats().destroyed_at_close == 3);
    loop.close();
  }
  CHECK(Counted::counts.live == 0);
}

TEST_CASE("ten thousand tasks of a group") {
  run_async([]() -> Task<> {
    int ended = 0;
    auto child = [&](int i) -> Task<> {
      co_await sleep(std::chrono::milliseconds(i % 100));
      ++ended;
    };
    auto body = [&](TaskGroup& group) -> Task<> {
      for (int i = 0; i < 10'000; ++i) group.start(child(i));
      co_return;
    };
    co_await with_task_group(body);
    CHECK(ended == 10'000);
  });
}
