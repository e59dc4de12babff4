// A task is spawned and its handle dropped, which would cancel it at once.
// error: declared with 'nodiscard' attribute
#include "async/spawn.hpp"

belfry::async::Task<> work() { co_return; }

belfry::async::Task<> wrong() {
  belfry::async::spawn(work());
  co_return;
}
