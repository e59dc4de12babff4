// One coroutine is given to gather() twice.
// error: call to implicitly-deleted copy constructor of 'Task<int>'
#include "async/gather.hpp"

belfry::async::Task<int> answer() { co_return 42; }

belfry::async::Task<> wrong() {
  belfry::async::Task<int> task = answer();
  const auto both = co_await belfry::async::gather(task, task);
  (void)both;
}
