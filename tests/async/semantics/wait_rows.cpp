// What people who know asyncio expect of wait() and as_completed(); see task_rows.cpp.
#include <catch2/catch.hpp>
#include <stdexcept>
#include <vector>

#include "async/as_completed.hpp"
#include "async/nap.hpp"
#include "async/race.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

Task<> ended(JoinHandle<int>& task) { (void)co_await task; }

}  // namespace

TEST_CASE("wait-01: waiting for the first of several tasks leaves the rest pending and does not cancel them") {
  run_async([]() -> Task<> {
    JoinHandle<int> slow = spawn(after(3s, 3));
    JoinHandle<int> quick = spawn(after(1s, 1));
    JoinHandle<int> middle = spawn(after(2s, 2));
    std::vector<Task<>>
        waits;  // race() cancels the waits that lose; a task that is waited for is not cancelled thereby
    waits.push_back(ended(slow));
    waits.push_back(ended(quick));
    waits.push_back(ended(middle));
    const auto first = co_await race(std::move(waits));
    CHECK(first.index == 1);
    CHECK(quick.done());
    CHECK_FALSE(slow.done());
    CHECK_FALSE(middle.done());
    const int three = co_await slow;
    CHECK(three == 3);
  });
}

TEST_CASE("wait-06: waiting for the first of nothing is an error") {
  run_async([]() -> Task<> {
    bool refused = false;
    try {
      (void)co_await race(std::vector<Task<int>>());
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    CHECK(refused);
  });
}

TEST_CASE("as_completed-01: values arrive in the order in which the tasks end") {
  run_async([]() -> Task<> {
    std::vector<Task<int>> tasks;
    tasks.push_back(after(3s, 3));
    tasks.push_back(after(1s, 1));
    tasks.push_back(after(2s, 2));
    std::vector<int> values;
    AsyncGenerator<Completed<int>> all = as_completed(std::move(tasks));
    while (std::optional<Completed<int>> one = co_await all.next()) values.push_back(one->result.value());
    CHECK(values == std::vector{1, 2, 3});
  });
}
