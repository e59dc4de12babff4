#include "daemon/watch/watch_counts.hpp"

#include "observe/family.hpp"

namespace belfry::daemon {

std::vector<prometheus::MetricFamily> WatchCounts::Collect() const {
  std::vector<prometheus::MetricFamily> out;
  observe::FamilyBuilder::gauge("belfry_watch_folders", "Folders that are watched for files that set jobs going.")
      .add({}, static_cast<double>(folders.get()))
      .move_to(out);
  observe::FamilyBuilder::gauge("belfry_watch_blind_spots",
                                "What could not be watched, and is looked at once a minute instead; or not at all, "
                                "of a watch beyond 200000 files and beyond 100000 folders or its max_folders.")
      .add({}, static_cast<double>(blind_spots.get()))
      .move_to(out);
  observe::FamilyBuilder::counter("belfry_watch_overflows_total",
                                  "How often more happened in watched folders than the kernel keeps in mind, so that "
                                  "all of them were looked at.")
      .add({}, static_cast<double>(overflows.get()))
      .move_to(out);
  return out;
}

}  // namespace belfry::daemon
