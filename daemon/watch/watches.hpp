// Watches: the jobs that files set going, kept in step with the configuration in force; one inotify instance for all.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/task.hpp"
#include "async/task_group.hpp"
#include "daemon/watch/job_watch.hpp"
#include "daemon/watch/watch_counts.hpp"
#include "io/file_watch.hpp"
#include "io/inotify.hpp"

namespace belfry::daemon {

/// Loop thread only. Everything it refers to must outlive it.
class Watches final : private WatchIndex {
 public:
  /// What happens is taken in bundles: whoever writes all the time must not keep the loop busy.
  static constexpr time::Duration bundle = std::chrono::milliseconds{50};

  struct Parts {
    engine::Engine& engine;
    async::ThreadPool& pool;  ///< for looks at the disk
    observe::Log& log;
  };

  explicit Watches(Parts parts);

  void subscribe(engine::EventStream& events);

  /// Watches what the catalog in force declares: a job whose watch is as before keeps what it knows, one whose watch is
  /// new or changed begins anew. Costs nothing while no job has a watch. Ends by cancellation.
  async::Task<> serve();

  /// belfry_watch_*; outlives *this.
  std::shared_ptr<prometheus::Collectable> collector() const { return counts_; }

 private:
  struct Eyes {
    explicit Eyes(async::ThreadPool& pool) : way(pool) {}
    io::Inotify inside;  // the folders
    io::FileWatch way;   // the folders where the walks begin, which may come, go and be links
  };

  void take(const engine::Event& event);
  void keep_in_step(async::TaskGroup& group);
  void open_eyes(async::TaskGroup& group);
  async::Task<> listen();
  async::Task<> watch_way();
  async::Task<> follow_way();
  void dispatch(const io::Inotify::Event& event);
  void let_go();
  void count();

  const io::Inotify* inotify() const override { return eyes_ ? &eyes_->inside : nullptr; }
  void scan_begins() override { ++scans_; }
  void scan_ended(JobWatch& watch, const std::map<int, WatchedFolder>& before,
                  const std::map<int, WatchedFolder>& now) override;

  Parts parts_;
  std::shared_ptr<WatchCounts> counts_ = std::make_shared<WatchCounts>();
  std::optional<Eyes> eyes_;
  bool told_blind_ = false;
  std::map<std::string, std::shared_ptr<JobWatch>, std::less<>> jobs_;
  std::unordered_map<int, std::vector<JobWatch*>> folders_;  // by inotify watch: who is in there
  std::vector<int> unused_;                                  // watches that nobody may need any more
  int scans_ = 0;                                            // under way: they may come to need some
  std::set<int> stirred_;                                    // watches that told something meanwhile
  async::Event refreshed_;
  async::CancelScope* round_ = nullptr;  // of the way that is followed
};

}  // namespace belfry::daemon
