// How many messages of each channel were delivered, and how many were not. Written by the loop's thread, read by any.
#pragma once

#include <prometheus/collectable.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "observe/cell.hpp"

namespace belfry::daemon {

/// Of one channel.
struct ChannelCounts {
  observe::Cell<std::uint64_t> delivered;
  observe::Cell<std::uint64_t> failed;      ///< given up
  observe::Cell<std::uint64_t> dropped;     ///< not tried to the end: no room, too old, or shut down
  observe::Cell<std::uint64_t> suppressed;  ///< kept back: cooldown, not the first failure, or a newer one came
  observe::Cell<std::uint64_t> queued;      ///< now
};

/// belfry_notifications_total{channel,result}, filled with zeros, and belfry_notifications_queued{channel}.
class NotifyCounts final : public prometheus::Collectable {
 public:
  /// The counts of a channel, made when it is first named. Loop thread.
  std::shared_ptr<ChannelCounts> of(const std::string& channel);

  /// Channels other than these, and nothing else, are shown no more; their counts go on when they come back. Loop
  /// thread.
  void show_only(std::vector<std::string> channels);

  /// Any thread.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::map<std::string, std::shared_ptr<ChannelCounts>> all_;  // loop thread
  mutable std::mutex mutex_;                                   // of what follows; held for a copy, no longer
  std::map<std::string, std::shared_ptr<ChannelCounts>> shown_;
};

}  // namespace belfry::daemon
