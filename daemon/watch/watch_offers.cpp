#include "daemon/watch/watch_offers.hpp"

#include <algorithm>
#include <utility>

namespace belfry::daemon {

using engine::WatchedFiles;
using ledger::SlotReason;
using ledger::SlotResult;

std::shared_ptr<const WatchedFiles> WatchOffers::gather(std::vector<std::string> files) {
  WatchedFiles all;
  all.count = held_count_ + files.size();
  for (const std::string& file : files) all.count -= held_.contains(file) ? 1 : 0;
  held_.insert(std::make_move_iterator(files.begin()), std::make_move_iterator(files.end()));
  for (const std::string& path : std::exchange(held_, {})) {
    if (all.paths.size() == WatchedFiles::most_paths) break;
    all.paths.push_back(path);
  }
  held_count_ = 0;
  again_at_.reset();
  obstacle_ = Obstacle::none;
  return std::make_shared<const WatchedFiles>(std::move(all));
}

void WatchOffers::offered(std::optional<ledger::WallTime> slot, std::shared_ptr<const WatchedFiles> files) {
  if (slot) {
    offered_.emplace(*slot, std::move(files));
  } else {
    give_back(*files);
  }
}

void WatchOffers::give_back(const WatchedFiles& files) {
  held_count_ += files.count;
  for (const std::string& path : files.paths) {
    if (!held_.insert(path).second) --held_count_;
  }
  while (held_.size() > WatchedFiles::most_paths) held_.erase(std::prev(held_.end()));
}

void WatchOffers::closed(const ledger::SlotClosed& slot, Moment now) {
  const auto found = offered_.find(slot.scheduled_at);
  if (found == offered_.end()) return;
  const auto files = std::move(found->second);
  offered_.erase(found);
  if (slot.result == SlotResult::started || slot.result == SlotResult::coalesced) {
    pause_ = first_pause;
    return;
  }
  if (slot.reason == SlotReason::cancelled || slot.reason == SlotReason::reloaded) return;  // somebody wanted it so
  give_back(*files);
  again_at_.reset();
  obstacle_ = slot.reason == SlotReason::overlap || slot.reason == SlotReason::replaced ? Obstacle::run
              : slot.reason == SlotReason::paused                                       ? Obstacle::pause
                                                                                        : Obstacle::other;
  if (obstacle_ != Obstacle::other) return;
  again_at_ = now + pause_;
  pause_ = std::min(2 * pause_, longest_pause);
}

void WatchOffers::run_ended(Moment now) {
  if (obstacle_ == Obstacle::run) again_at_ = now;
}

void WatchOffers::resumed(Moment now) {
  if (obstacle_ == Obstacle::pause) again_at_ = now;
}

}  // namespace belfry::daemon
