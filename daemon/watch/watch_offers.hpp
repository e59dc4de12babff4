// WatchOffers: which files a slot of a watch was about, until it is known what became of the slot. Those of a slot that
// was refused are not lost: they are offered again, with whatever has come meanwhile, when what was in the way has
// gone, or after a while when nobody tells that.
//
// Pure: the time comes in as an argument. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/watch/watch_batch.hpp"
#include "engine/watch.hpp"
#include "ledger/entry.hpp"

namespace belfry::daemon {

class WatchOffers {
 public:
  /// When nobody tells that the obstacle has gone, files are offered again after this, and then after twice as long,
  static constexpr Moment first_pause = std::chrono::minutes{1};
  /// and so on up to this.
  static constexpr Moment longest_pause = std::chrono::hours{1};

  /// These files and those that were given back are about to be offered as one slot.
  std::shared_ptr<const engine::WatchedFiles> gather(std::vector<std::string> files);

  /// The slot that was made of them; none: there was none, and they are given back.
  void offered(std::optional<ledger::WallTime> slot, std::shared_ptr<const engine::WatchedFiles> files);

  /// A slot of the job was closed; one that was not offered is none of ours. After offered().
  void closed(const ledger::SlotClosed& slot, Moment now);
  /// A run of the job has ended.
  void run_ended(Moment now);
  /// A pause of the job has ended.
  void resumed(Moment now);

  /// When files that were given back are to be offered again; none: there are none, or run_ended() or resumed() tells.
  std::optional<Moment> again_at() const noexcept { return held_count_ > 0 ? again_at_ : std::nullopt; }
  /// How many files were given back.
  std::uint64_t held() const noexcept { return held_count_; }

 private:
  enum class Obstacle : std::uint8_t { none, run, pause, other };

  void give_back(const engine::WatchedFiles& files);

  std::map<ledger::WallTime, std::shared_ptr<const engine::WatchedFiles>> offered_;
  std::set<std::string> held_;  // at most WatchedFiles::most_paths
  std::uint64_t held_count_ = 0;
  Obstacle obstacle_ = Obstacle::none;
  std::optional<Moment> again_at_;
  Moment pause_ = first_pause;
};

}  // namespace belfry::daemon
