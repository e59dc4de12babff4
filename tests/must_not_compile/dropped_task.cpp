// A coroutine is called and not awaited: it would never run.
// error: declared with 'nodiscard' attribute
#include "async/task.hpp"

belfry::async::Task<int> answer() { co_return 42; }

belfry::async::Task<> wrong() {
  answer();
  co_return;
}
