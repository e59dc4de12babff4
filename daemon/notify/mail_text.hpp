// A notice as the text of a mail (RFC 5322). Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "daemon/config/notify_channels.hpp"
#include "daemon/notify/notice.hpp"

namespace belfry::daemon {

/// Who sends the mails of a channel: its `from`, or belfry at the host of the notice.
std::string sender_address(const MailTarget& target, const Notice& notice);

/// Headers and body. `now`: its date. `id`: tells it apart from all other mails of this host. Lines end with `newline`:
/// CR LF for a server, LF for a program. What the job has printed cannot add a header.
std::string mail_text(const MailTarget& target, const Notice& notice, ledger::WallTime now, std::string_view id,
                      std::string_view newline);

}  // namespace belfry::daemon
