// What the log says of deliveries: each kind of failure at most once a minute for each channel, and that it is over.
#pragma once

#include <set>
#include <string>

#include "daemon/notify/delivery.hpp"
#include "observe/log.hpp"
#include "observe/rate_limit.hpp"

namespace belfry::daemon {

/// Loop thread only; the log must outlive it. `subject`: what it was about, a job or "belfryd".
class DeliveryLog {
 public:
  explicit DeliveryLog(observe::Log& log) : log_(log), limit_(std::chrono::minutes{1}) {}

  void ended(const std::string& channel, const std::string& subject, const Delivery& delivery);

  /// A try failed, and another comes after the pause.
  void delayed(const std::string& channel, const std::string& subject, const Delivery& delivery, time::Duration pause);

  /// One that waited was given up: there was no room, or it was too old.
  void dropped(const std::string& channel, const std::string& subject, const char* why);

 private:
  void warn(const char* message, const std::string& channel, const std::string& subject, const std::string& reason,
            int tries);

  observe::Log& log_;
  observe::RateLimit limit_;
  std::set<std::string> failing_;  // channels whose last delivery failed
};

}  // namespace belfry::daemon
