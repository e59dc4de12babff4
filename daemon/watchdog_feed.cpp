#include "daemon/watchdog_feed.hpp"

#include "async/sleep.hpp"

namespace belfry::daemon {

async::Task<> feed_watchdog(const io::Notifier& notifier) {
  const auto patience = notifier.watchdog_interval();
  while (patience) {
    notifier.watchdog();
    co_await async::sleep(*patience / 2);
  }
}

}  // namespace belfry::daemon
