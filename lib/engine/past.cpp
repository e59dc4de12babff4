#include "engine/past.hpp"

#include <algorithm>
#include <utility>

namespace belfry::engine {
namespace {

Leftover look_up(ledger::LedgerReader& reader, ledger::LiveRun run) {
  Leftover left{.run = std::move(run)};
  const ledger::RunStarted& started = left.run.started;
  if (started.scheduled_at) {
    left.slot_on_record = reader.slot_at(started.job, *started.scheduled_at).covering.has_value();
  }
  if (const auto row = reader.run(started.run)) {
    left.start_on_record = true;
    left.end_on_record = row->outcome.has_value();
    for (const ledger::AttemptEnded& attempt : reader.attempts(started.run)) {
      left.attempts_on_record = std::max(left.attempts_on_record, attempt.attempt);
    }
  }
  return left;
}

}  // namespace

Past read_past(ledger::LedgerReader& reader, std::vector<ledger::LiveRun> left, bool table_is_whole) {
  Past past{.resume = reader.resume(), .left = {}, .table_is_whole = table_is_whole};
  past.left.reserve(left.size());
  for (ledger::LiveRun& run : left) past.left.push_back(look_up(reader, std::move(run)));
  return past;
}

}  // namespace belfry::engine
