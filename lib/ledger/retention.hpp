// How much history is kept, and the taking away of the rest in steps short enough to lie between two commits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/job_tally.hpp"
#include "ledger/output_budget.hpp"
#include "ledger/sqlite.hpp"

namespace belfry::ledger {

/// What is more, or older, than this goes. Totals stay; so do a job's newest run and every run that has not ended. Of
/// an output that goes before its run, how much there was stays.
struct Retention {
  std::size_t keep_runs = 1000;    ///< of each job, with their attempts; at least 1
  std::size_t keep_slots = 1000;   ///< entries of each job; at least 1
  std::size_t keep_outputs = 200;  ///< of each job, one for each stream of an attempt that printed; at least 1
  OutputBudget::Limits output_bytes{};
  Duration keep_for = std::chrono::days{90};  ///< after the start of a run, after a slot was due, after a happening
};

/// Prunes a little at a time. Owned by the writer's thread. It never wakes anybody up: what is committed says how much
/// there is to do and what time it is, so an idle ledger stays idle.
class Pruner {
 public:
  Pruner(sqlite::Connection& connection, JobTally& jobs, const Retention& retention);

  /// Whether a step would find something to look at.
  bool is_due() const noexcept;

  /// Deletes at most a few hundred rows, in a transaction of its own. Throws sqlite::Error, and then leaves that piece
  /// of work for another time.
  void step();

 private:
  // Each deletes a chunk, and says whether there may be more.
  bool prune_job(std::int64_t job);
  bool prune_outputs(std::int64_t job);
  bool prune_by_age();
  bool prune_runs(sqlite::Statement& selected);
  bool prune_old_slots(WallTime cutoff);
  bool prune_old_happenings(WallTime cutoff);

  void delete_run(RunId run, std::int64_t job);
  void delete_job_if_over(std::int64_t job);
  void finish() noexcept;

  sqlite::Connection& connection_;
  JobTally& jobs_;
  Retention retention_;
  OutputBudget output_budget_;
  std::optional<std::int64_t> job_;     // whose pruning has begun
  WallTime last_pass_{};                // over what is old
  std::vector<std::string> jobs_over_;  // deleted in the open transaction
  sqlite::Statement extra_runs_, extra_slots_, extra_outputs_, old_runs_, old_slots_, old_claims_;
  std::array<sqlite::Statement, 6> old_happenings_;
  sqlite::Statement forget_output_, delete_slot_, delete_outputs_, delete_attempts_, delete_steps_, delete_run_;
  sqlite::Statement finished_one_shot_, delete_run_totals_, delete_slot_totals_, delete_claims_, delete_job_;
};

}  // namespace belfry::ledger
