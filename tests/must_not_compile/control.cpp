// The right way to do what the other files do wrong.
// options: -DBELFRY_CHECK_LIFETIMES
#include <string>
#include <vector>

#include "async/gather.hpp"
#include "async/lock.hpp"
#include "async/run.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "async/task_group.hpp"

using namespace belfry::async;

Task<int> answer() { co_return 42; }
Task<> print(const std::string& text) {
  co_await yield();
  (void)text;
}

Task<> right(int id) {
  Task<int> later = answer();
  const int value = co_await std::move(later);
  co_await sleep(std::chrono::milliseconds(value));
  Lock lock;
  const Lock::Guard guard = co_await lock.acquire();
  JoinHandle<int> handle = spawn(answer(), "answer");
  const int joined = co_await handle;
  const auto [one, two] = co_await gather(answer(), answer());
  JoinHandle<> closure = spawn([id]() -> Task<> {
    co_await yield();
    (void)id;
  });
  co_await closure;
  co_await print("a temporary lives as long as the co_await");
  const std::string text = std::to_string(joined + one + two);
  JoinHandle<> printer = spawn(print(text));
  co_await printer;
}

int main() { run(right(1)); }
