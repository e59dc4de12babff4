// A Task that has a name is awaited without std::move, so that it could be awaited again.
// error: a Task is awaited once: write co_await std::move(task)
#include "async/task.hpp"

belfry::async::Task<int> answer() { co_return 42; }

belfry::async::Task<int> wrong() {
  belfry::async::Task<int> task = answer();
  const int first = co_await task;
  const int second = co_await task;
  co_return first + second;
}
