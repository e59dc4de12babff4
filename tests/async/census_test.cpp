// Census: who lives, where it stands, and what leaked.
#include "async/census.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/run.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "async/task_group.hpp"
#include "async/task_kind.hpp"
#include "async/task_tree.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

Task<> innermost(Event& event) { co_await event.wait(); }
Task<> middle(Event& event) { co_await innermost(event); }
Task<> outermost(Event& event) { co_await middle(event); }

KindStats kind_stats(std::string_view kind) {
  for (const KindStats& stats : Loop::current().stats().kinds) {
    if (stats.kind == kind) return stats;
  }
  return {};
}

}  // namespace

TEST_CASE("a task shows its name, kind, parent, state and the chain of its awaits") {
  run_async([]() -> Task<> {
    Event event;
    JoinHandle<> handle = spawn(outermost(event), SpawnOptions("watcher").kind("census"));
    co_await sleep(90s);
    const std::vector<TaskInfo> tasks = all_tasks(Loop::current());
    REQUIRE(tasks.size() == 2);
    const TaskInfo& main = tasks[0];
    const TaskInfo& watcher = tasks[1];
    CHECK(main.state == TaskState::running);
    CHECK(watcher.name == "watcher");
    CHECK(watcher.kind == "census");
    CHECK(watcher.parent == main.id);
    CHECK(watcher.state == TaskState::waiting);
    CHECK(watcher.waits_for == "event");
    CHECK(watcher.age == 90s);
    CHECK(watcher.steps == 1);
    REQUIRE(watcher.places.size() == 3);
    CHECK(std::string(watcher.places[0].function).find("innermost") != std::string::npos);
    CHECK(std::string(watcher.places[2].function).find("outermost") != std::string::npos);
    CHECK(watcher.places[0].line + 2 == watcher.places[2].line);
    const std::string text = task_tree(tasks);
    CHECK(text.find("watcher [census] waiting for event 90.0s async/census_test.cpp:") != std::string::npos);
    event.set();
    co_await handle;
  });
}

TEST_CASE("the current task knows itself") {
  run_async([]() -> Task<> {
    auto self = []() -> Task<std::string> {
      co_await yield();
      co_return current_task().value().name;
    };
    JoinHandle<std::string> handle = spawn(self(), "me");
    const std::string name = co_await handle;
    CHECK(name == "me");
    bool in_callback = true;
    Loop::current().call_soon([&] { in_callback = current_task().has_value(); });
    co_await yield();
    CHECK_FALSE(in_callback);
  });
  CHECK_FALSE(current_task());
}

TEST_CASE("kinds count what was created, lives and has finished") {
  run_async([]() -> Task<> {
    const KindStats before = kind_stats("counted kind");
    Event event;
    JoinHandle<> first = spawn(innermost(event), SpawnOptions().kind("counted kind"));
    JoinHandle<> second = spawn(innermost(event), SpawnOptions().kind("counted kind"));
    const KindStats during = kind_stats("counted kind");
    CHECK(during.created - before.created == 2);
    CHECK(during.live - before.live == 2);
    event.set();
    co_await first;
    co_await second;
    const KindStats after = kind_stats("counted kind");
    CHECK(after.live == before.live);
    CHECK(after.finished - before.finished == 2);
    CHECK(after.leaked == 0);
  });
}

TEST_CASE("a dropped task that ignores its cancellation leaks after the grace") {
  run_async([]() -> Task<> {
    Event event;
    auto stubborn = [&]() -> Task<> {
      auto wait = [&]() -> Task<> { co_await event.wait(); };
      co_await shielded(wait(), 10h);
    };
    {
      const JoinHandle<> handle = spawn(stubborn(), SpawnOptions("stubborn").kind("leaky"));
      co_await yield();
    }
    co_await sleep(9s);
    CHECK(kind_stats("leaky").leaked == 0);
    co_await sleep(2s);
    CHECK(kind_stats("leaky").leaked == 1);
    CHECK(task_tree(all_tasks(Loop::current())).find("LEAKED") != std::string::npos);
    event.set();
    co_await yield();
    CHECK(kind_stats("leaky").leaked == 0);
  });
}

TEST_CASE("a detached task leaks when it outlives what its kind may live") {
  run_async([]() -> Task<> {
    register_task_kind("short-lived", 1min);
    Event event;
    spawn(innermost(event), SpawnOptions("late").kind("short-lived")).detach();
    spawn(innermost(event), SpawnOptions("unlimited").kind("long-lived")).detach();
    co_await sleep(59s);
    CHECK(kind_stats("short-lived").leaked == 0);
    co_await sleep(2s);
    CHECK(kind_stats("short-lived").leaked == 1);
    co_await sleep(1000h);
    CHECK(kind_stats("long-lived").leaked == 0);
    event.set();
  });
}

TEST_CASE("kinds are few: too many names share one") {
  TaskKinds kinds;
  for (int i = 0; i < 100; ++i) kinds.get("flood " + std::to_string(i));
  CHECK(kinds.all().size() == TaskKinds::limit);
  CHECK(kinds.get("flood 99").name() == "other");
  CHECK(kinds.get("flood 1").name() == "flood 1");
}

TEST_CASE("another thread looks while tasks come and go, and sees only those that live") {
  std::atomic<int> looks = 0;
  std::atomic<bool> more_finished_than_created = false;
  auto main = [&]() -> Task<> {
    Loop& loop = Loop::current();
    std::jthread reader([&](const std::stop_token& stop) {
      for (; !stop.stop_requested(); ++looks) {
        for (const KindStats& kind : loop.stats().kinds) {
          if (kind.finished > kind.created) more_finished_than_created = true;
        }
      }
    });
    while (looks < 200) {
      co_await with_task_group([](TaskGroup& group) -> Task<> {
        for (int i = 0; i < 20; ++i) group.start([]() -> Task<> { co_await yield(); });
        co_return;
      });
    }
    CHECK(all_tasks(loop).size() == 1);
  };
  run(main());
  CHECK_FALSE(more_finished_than_created);
}

TEST_CASE("a place is written with the last two parts of its path") {
  Place place;
  CHECK(to_string(place) == "?");
  place.file = "/a/b/c/d.cpp";
  place.line = 7;
  CHECK(to_string(place) == "c/d.cpp:7");
  place.file = "d.cpp";
  CHECK(to_string(place) == "d.cpp:7");
}
