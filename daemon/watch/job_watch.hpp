// JobWatch: the task that stands for the watch of one job: from something that happened in a folder to a slot.
//
// Owned by Watches, which tells it what the kernel says; loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "daemon/watch/watch_batch.hpp"
#include "daemon/watch/watch_offers.hpp"
#include "daemon/watch/watch_scan.hpp"
#include "engine/engine.hpp"
#include "observe/log.hpp"

namespace belfry::daemon {

class JobWatch;

/// Who of all watches is in which folder, and who reads the disk now. Implemented by Watches.
class WatchIndex {
 public:
  /// Null: nothing can be watched.
  virtual const io::Inotify* inotify() const = 0;
  virtual void scan_begins() = 0;
  /// The watch is in these folders now, and was in those.
  virtual void scan_ended(JobWatch& watch, const std::map<int, WatchedFolder>& before,
                          const std::map<int, WatchedFolder>& now) = 0;

 protected:
  ~WatchIndex() = default;
};

class JobWatch {
 public:
  struct Parts {
    engine::Engine& engine;
    async::ThreadPool& pool;
    observe::Log& log;
    WatchIndex& index;
  };

  /// Looks at all files so often while something cannot be watched.
  static constexpr time::Duration blind_rescan = std::chrono::minutes{1};
  /// Between two looks at all files lies at least this, and 5 times as long as the last one took.
  static constexpr time::Duration least_pause = std::chrono::milliseconds{200};

  JobWatch(std::string job, std::shared_ptr<const engine::Watch> watch, Parts parts);

  /// Until stop().
  async::Task<> serve();
  void stop() { scope_.cancel(async::CancelReason::replaced); }

  const std::string& job() const noexcept { return job_; }
  const engine::Watch& watch() const noexcept { return *watch_; }
  std::vector<std::string> bases() const { return paths_.bases(); }
  std::size_t folders() const noexcept { return folders_.size(); }
  std::size_t blind_spots() const noexcept { return told_.size(); }

  /// Something happened in one of its folders (inotify(7)).
  void heard(int folder, std::uint32_t mask, std::string_view name);
  /// Anything may have happened.
  void look_at_all();

  void on(const ledger::SlotClosed& slot);
  void on(const ledger::RunEnded& run);
  void on(const ledger::PauseChanged& pause);

 private:
  async::Task<> watch_files();
  async::Task<> scan();
  async::Task<> look();
  async::Task<> wait();
  void fire(std::vector<std::string> files);
  void warn(const std::vector<BlindSpot>& spots);
  bool wants_scan(Moment at) const;

  std::string job_;
  std::shared_ptr<const engine::Watch> watch_;
  Parts parts_;
  WatchedPaths paths_;
  std::map<int, WatchedFolder> folders_;
  WatchBatch batch_;
  WatchOffers offers_;
  bool begun_ = false;                      // it was looked at once
  bool all_may_differ_ = true;              // so all is to be looked at
  Moment not_before_{};                     // is all looked at again
  std::optional<Moment> rescan_at_;         // by the clock
  bool offering_ = false;                   // the engine is being told
  std::vector<ledger::SlotClosed> closed_;  // meanwhile
  std::vector<std::string> told_;           // blind spots
  async::Event news_;
  async::CancelScope scope_;
};

}  // namespace belfry::daemon
