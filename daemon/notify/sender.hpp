// How a channel delivers: one kind of sender for each kind of target.
#pragma once

#include <functional>
#include <memory>

#include "async/task.hpp"
#include "daemon/config/notify_channels.hpp"
#include "daemon/notify/delivery.hpp"
#include "daemon/notify/notice.hpp"

namespace belfry::daemon {

/// Immutable. Loop thread only.
class Sender {
 public:
  virtual ~Sender() = default;

  /// One try, within the timeout of the channel. Cancellation: what was begun is ended.
  virtual async::Task<Delivery> send(const Notice& notice) const = 0;
};

/// For tests, which have senders of their own.
using SenderMaker = std::function<std::shared_ptr<const Sender>(const Channel&)>;

/// The sender of the channel. Never throws.
std::shared_ptr<const Sender> make_sender(const Channel& channel);

std::shared_ptr<const Sender> make_webhook_sender(WebhookTarget target, time::Duration timeout);
std::shared_ptr<const Sender> make_mail_sender(MailTarget target, time::Duration timeout);
std::shared_ptr<const Sender> make_exec_sender(ExecTarget target, time::Duration timeout);

}  // namespace belfry::daemon
