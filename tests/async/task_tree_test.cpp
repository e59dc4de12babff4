// A census from every side, and written down.
#include "async/task_tree.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "async/event.hpp"
#include "async/lock.hpp"
#include "async/spawn.hpp"
#include "async/task_group.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

Task<> wait_for(Event& event) { co_await event.wait(); }
Task<> deep(Event& event) { co_await wait_for(event); }

const TaskInfo* find(const std::vector<TaskInfo>& tasks, std::string_view name) {
  for (const TaskInfo& task : tasks) {
    if (task.name == name) return &task;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a tree has one line for each task, children below their parents") {
  run_async([]() -> Task<> {
    Event event;
    auto parent = [&]() -> Task<> {
      JoinHandle<> child = spawn(deep(event), "child");
      co_await child;
    };
    JoinHandle<> first = spawn(parent(), "parent");
    JoinHandle<> second = spawn(wait_for(event), "sibling");
    co_await settle();
    const std::string text = task_tree(all_tasks(Loop::current()));
    const auto at_parent = text.find(" parent [task] waiting for join");
    const auto at_child = text.find(" child [task] waiting for event 0.0s async/task_tree_test.cpp:");
    const auto at_sibling = text.find(" sibling [task] waiting for event");
    CHECK(at_parent < at_child);
    CHECK(at_child < at_sibling);
    CHECK(at_sibling != std::string::npos);
    CHECK(text.find(", until the end of " + std::to_string(first.id() + 2) + " child") != std::string::npos);
    CHECK(text.find("\n    " + std::to_string(first.id() + 2)) != std::string::npos);
    event.set();
    co_await first;
    co_await second;
  });
}

TEST_CASE("the JSON of a tree has every member, and hostile names cannot break it") {
  TaskInfo task;
  task.id = 7;
  task.name = "a \"b\"\\\n\xff \xc3\xa9";
  task.kind = "http";
  task.parent = 3;
  task.state = TaskState::waiting;
  task.waits_for = "lock";
  task.wait.any_of(12).note("2 waiting");
  task.cancelled = CancelReason::timeout;
  task.age = 2500ms;
  task.steps = 9;
  Place place;
  place.file = "io/http.cpp";
  place.function = "read()";
  place.line = 88;
  task.places = {place};
  CHECK(task_tree_json({task}) ==
        "[\n{\"id\":7,\"name\":\"a \\\"b\\\"\\\\\\u000a\xEF\xBF\xBD \xc3\xa9\",\"kind\":\"http\",\"parent\":3,"
        "\"state\":\"waiting\",\"waits_for\":\"lock\",\"note\":\"2 waiting\",\"held_by\":[12],"
        "\"cancelled\":\"timeout\",\"age_seconds\":2.500000000,\"busy_seconds\":0.000000000,\"steps\":9,"
        "\"places\":[{\"file\":\"io/http.cpp\",\"line\":88,\"function\":\"read()\"}]}\n]\n");
  CHECK(task_tree_json({}) == "[\n]\n");
}

TEST_CASE("a chain of a hundred thousand parents is written without recursion") {
  std::vector<TaskInfo> tasks(100'000);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    tasks[i].id = i + 1;
    tasks[i].parent = i;
  }
  const std::string text = task_tree(tasks);
  CHECK(std::count(text.begin(), text.end(), '\n') == 100'000);
}

TEST_CASE("another thread sees the whole chain of awaits while the loop goes on") {
  run_real([]() -> Task<> {
    Event event;
    std::vector<JoinHandle<>> handles;
    for (int i = 0; i < 3000; ++i) handles.push_back(spawn(deep(event), "many"));
    co_await yield();
    const Loop& loop = Loop::current();
    std::promise<std::vector<TaskInfo>> promise;
    std::future<std::vector<TaskInfo>> future = promise.get_future();
    std::jthread asker([&] { promise.set_value(all_tasks(loop)); });
    while (future.wait_for(0s) != std::future_status::ready) co_await yield();
    const std::vector<TaskInfo> tasks = future.get();
    CHECK(tasks.size() == 3001);
    const TaskInfo* const one = find(tasks, "many");
    REQUIRE(one != nullptr);
    CHECK(one->places.size() == 2);
    event.set();
    for (JoinHandle<>& handle : handles) co_await handle;
  });
}

TEST_CASE("a loop that is stuck in a step is looked at from outside") {
  run_real([]() -> Task<> {
    Event event;
    JoinHandle<> handle = spawn(deep(event), "parked");
    co_await yield();
    const Loop& loop = Loop::current();
    std::vector<TaskInfo> tasks;
    std::jthread([&] { tasks = all_tasks(loop); }).join();  // the loop does not answer: it waits for the thread
    const TaskInfo* const parked = find(tasks, "parked");
    REQUIRE(parked != nullptr);
    CHECK(parked->waits_for == "event");
    CHECK(parked->places.size() == 1);
    event.set();
    co_await handle;
  });
}

TEST_CASE("a task takes the census in pieces, with those that were there when it began") {
  run_async([]() -> Task<> {
    Event event;
    std::vector<JoinHandle<>> handles;
    for (int i = 0; i < 2500; ++i) handles.push_back(spawn(wait_for(event)));
    auto interfere = [&]() -> Task<> {
      for (int i = 0; i < 10; ++i) {
        handles.erase(handles.begin() + 1000, handles.begin() + 1005);  // those that the census comes to next
        handles.push_back(spawn(wait_for(event), "late"));
        co_await yield();
      }
    };
    JoinHandle<> other = spawn(interfere());
    const std::vector<TaskInfo> tasks = co_await take_census();
    CHECK(tasks.size() <= 2502);
    CHECK(tasks.size() >= 2400);
    CHECK(find(tasks, "late") == nullptr);
    co_await other;
    event.set();
    for (JoinHandle<>& handle : handles) co_await handle;
  });
}
