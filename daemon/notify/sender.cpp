#include "daemon/notify/sender.hpp"

#include <variant>

namespace belfry::daemon {

std::shared_ptr<const Sender> make_sender(const Channel& channel) {
  struct Maker {
    time::Duration timeout;
    std::shared_ptr<const Sender> operator()(const WebhookTarget& target) const {
      return make_webhook_sender(target, timeout);
    }
    std::shared_ptr<const Sender> operator()(const MailTarget& target) const {
      return make_mail_sender(target, timeout);
    }
    std::shared_ptr<const Sender> operator()(const ExecTarget& target) const {
      return make_exec_sender(target, timeout);
    }
  };
  return std::visit(Maker{channel.timeout}, channel.target);
}

}  // namespace belfry::daemon
