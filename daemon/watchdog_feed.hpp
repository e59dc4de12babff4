// Tells systemd's watchdog that the loop turns.
#pragma once

#include "async/task.hpp"
#include "async/timeout.hpp"
#include "io/sd_notify.hpp"

namespace belfry::daemon {

/// Each `interval`, until it is cancelled. The notifier must outlive it.
async::Task<> feed_watchdog(const io::Notifier& notifier, async::Duration interval);

}  // namespace belfry::daemon
