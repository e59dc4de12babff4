#include "daemon/watchdog_feed.hpp"

#include "async/sleep.hpp"

namespace belfry::daemon {

async::Task<> feed_watchdog(const io::Notifier& notifier, async::Duration interval) {
  for (;;) {
    notifier.watchdog();
    co_await async::sleep(interval);
  }
}

}  // namespace belfry::daemon
