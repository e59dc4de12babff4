// A coroutine keeps a reference to a temporary that is gone before it runs.
// options: -DBELFRY_CHECK_LIFETIMES
// error: will be destroyed at the end of the full-expression [-Werror,-Wdangling]
#include <string>

#include "async/sleep.hpp"
#include "async/spawn.hpp"

belfry::async::Task<> print(const std::string& text) {
  co_await belfry::async::yield();
  (void)text;
}

belfry::async::Task<> wrong() {
  belfry::async::JoinHandle<> printer = belfry::async::spawn(print("hello"));
  co_await printer;
}
