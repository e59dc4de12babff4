#include "daemon/notify/delivery_log.hpp"

#include "async/loop.hpp"

namespace belfry::daemon {

void DeliveryLog::ended(const std::string& channel, const std::string& subject, const Delivery& delivery) {
  if (!delivery.ok()) {
    failing_.insert(channel);
    warn("a notification was not delivered", channel, subject, delivery.detail, delivery.tries);
    return;
  }
  if (failing_.erase(channel) > 0) log_.info("notifications are delivered again", {{"channel", channel}});
  log_.debug("a notification was delivered", {{"channel", channel}, {"job", subject}, {"reason", delivery.detail}});
}

void DeliveryLog::dropped(const std::string& channel, const std::string& subject, const char* why) {
  warn("a notification was given up before it was sent", channel, subject, why, 0);
}

void DeliveryLog::warn(const char* message, const std::string& channel, const std::string& subject,
                       const std::string& reason, int tries) {
  const auto held_back = limit_.admit(channel + '\0' + reason, async::Loop::current().wall_now());
  if (!held_back) return;
  observe::LogFields fields{{"channel", channel}, {"job", subject}, {"reason", reason}};
  if (tries > 0) fields.emplace_back("tries", tries);
  if (*held_back > 0) fields.emplace_back("more_since_last_line", *held_back);
  log_.warning(message, fields);
}

}  // namespace belfry::daemon
