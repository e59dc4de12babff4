// SlaWatch: checks what jobs declare under `sla`, and publishes SlaBreached and SlaMet on the stream that it listens
// to.
//
// It wakes up when a limit passes, and for nothing else: a thousand jobs with a limit of a day cost no wakeup until one
// of them is overdue. What a single job's checks are is in sla_job.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/task.hpp"
#include "async/timer_heap.hpp"
#include "engine/event.hpp"
#include "engine/status.hpp"
#include "ledger/ledger.hpp"
#include "observe/sla_job.hpp"

namespace belfry::observe {

/// How long the last runs of jobs took, by name.
using RunHistory = std::map<std::string, std::vector<ledger::RunSpan>>;

/// Where the watch asks for what was before it.
struct SlaSources {
  /// What the engine knows of a job. Called on the loop, when the engine has applied the generation.
  std::function<std::optional<engine::JobStatus>(const std::string& job)> status;

  /// So many of the last runs of each of these jobs, read beside the loop. Without an answer the checks go by what they
  /// see; it must not throw anything but Cancelled.
  std::function<async::Task<RunHistory>(std::map<std::string, std::size_t> wanted)> history;
};

/// Loop thread only.
class SlaWatch {
 public:
  /// `events` must outlive the watch.
  SlaWatch(engine::EventStream& events, SlaSources sources);
  SlaWatch(const SlaWatch&) = delete;
  SlaWatch& operator=(const SlaWatch&) = delete;
  ~SlaWatch();

  /// Listens from now on; *this must outlive the stream. REQUIRES: before the engine is resumed, on the loop's thread
  /// or before it runs.
  void subscribe();

  /// Watches the time, until it is cancelled. REQUIRES: it runs once.
  async::Task<> serve();

  /// All that is breached now, by job.
  std::vector<engine::SlaBreached> breaches() const;
  /// Of one job.
  std::vector<engine::SlaBreached> breaches(std::string_view job) const;

 private:
  struct Watched;
  struct Node : async::TimerNode {
    Watched* watched = nullptr;
  };
  struct Watched {
    Watched(const std::string& name, engine::WallTime declared_at) : state(name, declared_at) {
      by_wall.watched = this;
      by_monotonic.watched = this;
    }
    SlaJob state;
    Node by_wall;
    Node by_monotonic;
  };
  struct Listener;

  void resume(const ledger::Resume& past);
  void apply(const engine::CatalogApplied& applied);
  void watch(const engine::Job& job);
  engine::WallTime declared_at(const engine::Job& job) const;
  Watched* find(const std::string& job);
  void arm(Watched& watched);
  async::Task<> serve_time();
  async::Task<> serve_history();
  void learn();
  void look_at_due();
  engine::WallTime next_wake() const;
  void publish();

  engine::EventStream& events_;
  SlaSources sources_;
  std::map<std::string, std::unique_ptr<Watched>, std::less<>> jobs_;  // those that declare a check
  std::unordered_map<std::string, ledger::JobDeclared> declared_;  // by an earlier daemon; until the first generation
  std::set<std::string> unasked_;                                  // jobs of which the engine is to be asked
  std::map<std::string, std::size_t> unread_;                      // jobs of which so many runs are to be read
  async::Event has_unread_;
  async::TimerHeap wall_;       // Unix nanoseconds
  async::TimerHeap monotonic_;  // of the loop's clock
  std::int64_t waits_for_wall_ = async::TimerHeap::never;
  std::int64_t waits_for_monotonic_ = async::TimerHeap::never;
  async::CancelScope* waiting_ = nullptr;
  SlaJob::Events found_;  // to be published
};

}  // namespace belfry::observe
