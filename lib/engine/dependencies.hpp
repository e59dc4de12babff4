// Jobs that depend on other jobs: when they are due, and when they are held back. Pure; loop thread only.
//
// A job with depends_on and no trigger is *driven*: it goes in rounds. A round gathers the ends of the jobs that it
// depends on; of each only the newest counts, so an upstream that ends twice ends once, and one that failed and then
// succeeded succeeded. As soon as all have ended the round is decided: the job is due if each ended as it must, else
// its slot is skipped(dependency), and the next round begins. So:
//   - two upstreams every night make one slot a night, whatever their order, and one night's failure does not leave a
//     stale success behind for the next;
//   - a round takes its upstreams' runs by schedule and by hand alike; running the driven job itself by hand is none of
//     its rounds, so nothing is lost by it;
//   - the slot's instant is the end that decided the round, and that run is its cause.
//
// A job with depends_on and a trigger of its own is *gated*: at its slot, the last run of each upstream that has ended
// must have ended as required, else the slot is skipped(dependency): objection_to(). An upstream that never ran is an
// objection. One that is running now counts by its run before.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/job.hpp"
#include "ledger/entry.hpp"

namespace belfry::engine {

/// How a run of an upstream ended.
struct JobEnd {
  ledger::RunId run = 0;
  ledger::Outcome outcome = ledger::Outcome::success;
  WallTime at;
};

/// The newest end of a job's runs, or none when it never ran.
using LastEnd = std::function<std::optional<JobEnd>(std::string_view job)>;

/// A round that was decided.
struct Round {
  std::string job;
  bool met = false;  ///< the job is due; else its slot is skipped(dependency)
  JobEnd cause;      ///< the end that decided it
  std::string why;   ///< not met: "extract ended with failure, success is needed"; for people
};

/// Whether a run that ended so is what the dependency waits for.
bool meets(DependencyEnd needed, ledger::Outcome outcome) noexcept;

/// A gated job's slot: nothing when it may go on, else why not. Nothing for a job without depends_on.
std::optional<std::string> objection_to(const Job& job, const LastEnd& last_end);

class Dependencies {
 public:
  /// The driven jobs of this catalog, from now on. A job that was driven by the same dependencies before keeps its
  /// round; for all others a round begins, with nothing in it: they are not due for ends already past.
  void set_catalog(const Catalog& catalog);

  /// After a restart, once for each driven job: its round has those ends that are newer than `since`, the instant of
  /// its last slot or, if later, since when it is declared as it is. A round: the daemon died before it was decided.
  std::optional<Round> restore(std::string_view job, WallTime since, const LastEnd& last_end);

  /// A run of `job` ended: the rounds that this decides, by the names of their jobs. Tell it of every run of every job.
  std::vector<Round> ended(std::string_view job, const JobEnd& end);

  /// One line for people: "waits for load; extract ended with success". Empty for a job that is not driven.
  std::string dump(std::string_view job) const;

 private:
  struct Driven {
    std::vector<Dependency> needs;
    std::vector<std::optional<JobEnd>> ends;  // of the round, one for each of `needs`
    std::size_t open = 0;                     // how many of them are missing
  };
  using DrivenJobs = std::map<std::string, Driven, std::less<>>;
  struct Edge {
    DrivenJobs::iterator job;
    std::size_t need;
  };

  static void note(Driven& driven, std::size_t need, const JobEnd& end);
  static std::optional<Round> decide(const std::string& job, Driven& driven, const JobEnd& cause);

  DrivenJobs driven_;
  std::map<std::string, std::vector<Edge>, std::less<>> dependents_;  // by upstream
};

}  // namespace belfry::engine
