#include "daemon/notify/notify_counts.hpp"

#include <array>
#include <utility>

#include "observe/family.hpp"

namespace belfry::daemon {

std::shared_ptr<ChannelCounts> NotifyCounts::of(const std::string& channel) {
  auto& counts = all_[channel];
  if (!counts) counts = std::make_shared<ChannelCounts>();
  return counts;
}

void NotifyCounts::show_only(std::vector<std::string> channels) {
  std::map<std::string, std::shared_ptr<ChannelCounts>> wanted;
  for (std::string& channel : channels) wanted.emplace(channel, of(channel));
  const std::lock_guard lock(mutex_);
  shown_.swap(wanted);
}

std::vector<prometheus::MetricFamily> NotifyCounts::Collect() const {
  std::map<std::string, std::shared_ptr<ChannelCounts>> shown;
  {
    const std::lock_guard lock(mutex_);
    shown = shown_;
  }
  auto total = observe::FamilyBuilder::counter("belfry_notifications_total",
                                               "Messages to people and pings, by channel and by what came of them.");
  auto queued = observe::FamilyBuilder::gauge("belfry_notifications_queued", "Messages that wait for their delivery.");
  for (const auto& [channel, counts] : shown) {
    const auto results = std::to_array<std::pair<const char*, const observe::Cell<std::uint64_t>*>>(
        {{"delivered", &counts->delivered},
         {"failed", &counts->failed},
         {"dropped", &counts->dropped},
         {"suppressed", &counts->suppressed}});
    for (const auto& [result, cell] : results) {
      total.add({{"channel", channel}, {"result", result}}, static_cast<double>(cell->get()));
    }
    queued.add({{"channel", channel}}, static_cast<double>(counts->queued.get()));
  }
  std::vector<prometheus::MetricFamily> out;
  total.move_to(out);
  queued.move_to(out);
  return out;
}

}  // namespace belfry::daemon
