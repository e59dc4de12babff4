// How many bytes of what jobs printed the store holds. What is over goes, the oldest first; how much there was stays.
//
// Owned by Pruner, used on the writer's thread. `jobs.output_bytes` (kept by triggers) says what each job holds, so a
// look reads as many rows as there are jobs, and is taken only when another megabyte was written.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ledger/job_tally.hpp"
#include "ledger/sqlite.hpp"

namespace belfry::ledger {

/// Takes the text of output ?1; what is left says how much was printed, as of an output that was never kept.
inline constexpr const char* forget_output_sql =
    "UPDATE outputs SET head = x'', tail = x'', dropped_bytes = total_bytes WHERE id = ?1";

class OutputBudget {
 public:
  /// What is held at most, give or take what is written between two looks (1 MiB). Bytes; 0 is taken for 1.
  struct Limits {
    std::uint64_t of_a_job = std::uint64_t{64} << 20U;
    std::uint64_t in_all = std::uint64_t{1} << 30U;
  };

  OutputBudget(sqlite::Connection& connection, const JobTally& jobs, const Limits& limits);

  /// Whether prune() would find something to look at.
  bool is_due() const noexcept;

  /// In an open transaction: takes some outputs away from one job, if there is too much. A job that is over its own
  /// limit comes first; else, when all together are over, the one that holds most. A job's newest run keeps its
  /// outputs. Throws sqlite::Error, and then leaves the matter for the next look.
  void prune();

 private:
  bool take_from_a_job();
  bool take_from_the_largest();
  bool take(std::int64_t job, std::uint64_t bytes);

  const JobTally& jobs_;
  Limits limits_;
  std::uint64_t looked_at_ = 0;  // of jobs_.output_bytes()
  bool unfinished_ = true;       // the limits may have been lowered since the last start
  sqlite::Statement total_, over_, largest_, old_outputs_, forget_;
};

}  // namespace belfry::ledger
