// The key `mail` of a channel.
#pragma once

#include "daemon/config/notify_channels.hpp"

namespace belfry::daemon {

/// Complains about what is wrong, and leaves that as it is by default.
MailTarget read_mail(const Value& value, const SecretFiles& files);

}  // namespace belfry::daemon
