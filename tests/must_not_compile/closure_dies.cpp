// A lambda that captures is called where it stands: its captures are gone at the semicolon, the coroutine is not.
// options: -DBELFRY_CHECK_LIFETIMES
// error: will be destroyed at the end of the full-expression [-Werror,-Wdangling]
#include "async/sleep.hpp"
#include "async/spawn.hpp"

belfry::async::Task<> wrong(int id) {
  belfry::async::JoinHandle<> task = belfry::async::spawn([id]() -> belfry::async::Task<> {
    co_await belfry::async::yield();
    (void)id;
  }());
  co_await task;
}
