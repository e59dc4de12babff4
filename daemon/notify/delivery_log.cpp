#include "daemon/notify/delivery_log.hpp"

#include "async/loop.hpp"
#include "time/duration.hpp"

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

void DeliveryLog::delayed(const std::string& channel, const std::string& subject, const Delivery& delivery,
                          time::Duration pause) {
  const auto held_back = limit_.admit("delayed" + std::string(1, '\0') + channel, async::Loop::current().wall_now());
  if (!held_back) return;
  log_.info("a notification was not taken and will be sent again",
            {{"channel", channel},
             {"job", subject},
             {"reason", delivery.detail},
             {"next_try_in", time::format_duration(std::chrono::ceil<std::chrono::seconds>(pause))}});
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
