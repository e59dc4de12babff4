// sleep() without co_await would not sleep.
// error: declared with 'nodiscard' attribute
#include "async/sleep.hpp"
#include "async/task.hpp"

belfry::async::Task<> wrong() {
  belfry::async::sleep(std::chrono::seconds(1));
  co_return;
}
