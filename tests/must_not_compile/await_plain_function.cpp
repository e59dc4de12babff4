// What is awaited is an ordinary function that blocks; to_thread() would make a Task of it.
// error: no member named 'await_ready' in
#include "async/task.hpp"

struct Reply {
  int code = 0;
};
Reply blocking_request() { return {}; }

belfry::async::Task<> wrong() {
  const Reply reply = co_await blocking_request();
  (void)reply;
}
