// Tells systemd's watchdog that the loop turns.
#pragma once

#include "async/task.hpp"
#include "io/sd_notify.hpp"

namespace belfry::daemon {

/// Twice in the time that systemd waits, until it is cancelled; nothing if systemd does not wait. The notifier must
/// outlive it.
async::Task<> feed_watchdog(const io::Notifier& notifier);

}  // namespace belfry::daemon
