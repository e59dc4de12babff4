// Circles of waiting tasks are found, and nothing else is.
#include "async/deadlock.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/spawn.hpp"
#include "async/wait_queue.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;

namespace {

TaskInfo waits(std::uint64_t id, std::vector<std::uint64_t> holders, bool all = false) {
  TaskInfo task;
  task.id = id;
  task.name = "t" + std::to_string(id);
  task.state = TaskState::waiting;
  task.waits_for = "lock";
  for (const std::uint64_t holder : holders) all ? task.wait.all_of(holder) : task.wait.any_of(holder);
  return task;
}

std::vector<std::uint64_t> circle(const Deadlock& deadlock) {
  std::vector<std::uint64_t> ids;
  for (const TaskInfo& task : deadlock.circle) ids.push_back(task.id);
  return ids;
}

using Ids = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("two tasks that wait for each other are a deadlock; who waits behind them is not named") {
  const auto found = find_deadlocks({waits(1, {2}), waits(2, {1}), waits(3, {1})});
  REQUIRE(found.size() == 1);
  CHECK(circle(found[0]) == Ids{1, 2});
  CHECK(to_string(found[0]).find("task 1 \"t1\" waits for lock, which needs task 2 \"t2\"\n  at") == 0);
  CHECK(to_string(found[0]).find("task 2 \"t2\" waits for lock, which needs task 1 \"t1\"\n") != std::string::npos);
}

TEST_CASE("separate circles are found each once, and a task that waits for itself is one") {
  const auto found = find_deadlocks({waits(1, {2}), waits(2, {3}), waits(3, {1}), waits(4, {4}), waits(5, {4})});
  REQUIRE(found.size() == 2);
  CHECK(circle(found[0]) == Ids{1, 2, 3});
  CHECK(circle(found[1]) == Ids{4});
}

TEST_CASE("whoever may be helped from elsewhere is not in a deadlock") {
  CHECK(find_deadlocks({}).empty());
  CHECK(find_deadlocks({waits(1, {2}), waits(2, {})}).empty());                    // 2 waits for the world
  CHECK(find_deadlocks({waits(1, {2, 3}), waits(2, {1}), waits(3, {})}).empty());  // 3 may give its permit
  CHECK(find_deadlocks({waits(1, {2, 99}), waits(2, {1})}).empty());               // 99 has ended: who knows
}

TEST_CASE("a wait for all of several is stuck with one of them, a wait for any only with all") {
  const auto all = find_deadlocks({waits(1, {2, 3}, true), waits(2, {1}), waits(3, {})});
  REQUIRE(all.size() == 1);
  CHECK(circle(all[0]) == Ids{1, 2});
  const auto any = find_deadlocks({waits(1, {2, 3}), waits(2, {1}), waits(3, {1})});
  REQUIRE(any.size() == 1);
  CHECK(circle(any[0]) == Ids{1, 2});
}

TEST_CASE("tasks that join each other are found in a living loop, with the places of their awaits") {
  run_async([]() -> Task<> {
    JoinHandle<> a;
    JoinHandle<> b;
    auto join_b = [&]() -> Task<> { co_await b; };
    auto join_a = [&]() -> Task<> { co_await a; };
    a = spawn(join_b(), "first");
    b = spawn(join_a(), "second");
    co_await settle();
    const std::vector<Deadlock> found = find_deadlocks(all_tasks(Loop::current()));
    REQUIRE(found.size() == 1);
    const std::string text = to_string(found[0]);
    CHECK(text.find("\"first\" waits for join, which needs task") != std::string::npos);
    CHECK(text.find("async/deadlock_test.cpp:") != std::string::npos);
    a.cancel();
    b.cancel();
    CHECK_THROWS_AS(co_await a, Cancelled);
    co_await settle();
  });
}
