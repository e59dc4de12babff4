// The budget of outputs; see output_budget.hpp.
#include "ledger/output_budget.hpp"

#include <algorithm>
#include <vector>

namespace belfry::ledger {
namespace {

constexpr std::uint64_t look_every_bytes = std::uint64_t{1} << 20U;
constexpr std::int64_t outputs_of_a_step = 64;  // up to a megabyte or so each

// Jobs of which something can be taken: outputs of runs before their newest that printed.
constexpr const char* over_sql =
    "SELECT id, output_bytes FROM jobs AS j WHERE output_bytes > ?1 AND EXISTS (SELECT 1 FROM outputs AS o "
    "WHERE o.job_id = j.id AND o.run_id < (SELECT max(run_id) FROM outputs WHERE job_id = j.id) "
    "AND length(o.head) + length(o.tail) > 0) LIMIT 1";
constexpr const char* largest_sql =
    "SELECT id, output_bytes FROM jobs AS j WHERE output_bytes > 0 AND EXISTS (SELECT 1 FROM outputs AS o "
    "WHERE o.job_id = j.id AND o.run_id < (SELECT max(run_id) FROM outputs WHERE job_id = j.id) "
    "AND length(o.head) + length(o.tail) > 0) ORDER BY output_bytes DESC LIMIT 1";
constexpr const char* old_outputs_sql =
    "SELECT id, length(head) + length(tail) FROM outputs WHERE job_id = ?1 "
    "AND run_id < (SELECT max(run_id) FROM outputs WHERE job_id = ?1) AND length(head) + length(tail) > 0 "
    "ORDER BY run_id LIMIT ?2";

}  // namespace

OutputBudget::OutputBudget(sqlite::Connection& connection, const JobTally& jobs, const Limits& limits)
    : jobs_(jobs),
      limits_{.of_a_job = std::max<std::uint64_t>(limits.of_a_job, 1),
              .in_all = std::max<std::uint64_t>(limits.in_all, 1)},
      total_(connection, "SELECT ifnull(sum(output_bytes), 0) FROM jobs"),
      over_(connection, over_sql),
      largest_(connection, largest_sql),
      old_outputs_(connection, old_outputs_sql),
      forget_(connection, forget_output_sql) {}

bool OutputBudget::is_due() const noexcept {
  return unfinished_ || jobs_.output_bytes() - looked_at_ >= look_every_bytes;
}

void OutputBudget::prune() {
  looked_at_ = jobs_.output_bytes();
  unfinished_ = false;
  unfinished_ = take_from_a_job() || take_from_the_largest();
}

bool OutputBudget::take_from_a_job() {
  over_.start(limits_.of_a_job);
  const bool found = over_.step();
  const std::int64_t job = found ? over_.integer(0) : 0;
  const std::uint64_t bytes = found ? over_.count(1) : 0;
  over_.reset();
  return found && take(job, bytes - limits_.of_a_job);
}

bool OutputBudget::take_from_the_largest() {
  total_.start();
  const std::uint64_t total = total_.step() ? total_.count(0) : 0;
  total_.reset();
  if (total <= limits_.in_all) return false;
  largest_.start();
  const bool found = largest_.step();
  const std::int64_t job = found ? largest_.integer(0) : 0;
  const std::uint64_t bytes = found ? largest_.count(1) : 0;
  largest_.reset();
  // An eighth at a time, so that it is soon another one's turn if they are many and alike.
  return found && take(job, std::min(total - limits_.in_all, bytes / 8 + 1));
}

// Whether there was something to take.
bool OutputBudget::take(std::int64_t job, std::uint64_t bytes) {
  std::vector<std::int64_t> outputs;
  std::uint64_t taken = 0;
  old_outputs_.start(job, outputs_of_a_step);
  while (taken < bytes && old_outputs_.step()) {
    outputs.push_back(old_outputs_.integer(0));
    taken += old_outputs_.count(1);
  }
  old_outputs_.reset();
  for (const std::int64_t output : outputs) forget_.run(output);
  return !outputs.empty();
}

}  // namespace belfry::ledger
