// A lock is acquired and its guard dropped: it is free again at the semicolon.
// error: declared with 'nodiscard' attribute
#include "async/lock.hpp"
#include "async/task.hpp"

belfry::async::Task<> wrong(belfry::async::Lock& lock, int& counter) {
  co_await lock.acquire();
  ++counter;
}
