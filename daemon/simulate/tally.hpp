// Counts what the engine says, event by event, while a simulation goes on. One thread; as large as there are jobs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/event.hpp"
#include "engine/job.hpp"

namespace belfry::daemon {

using time::Duration;
using time::WallTime;

/// A figure that goes up and down: its greatest value, and when it was reached first.
struct Peak {
  std::uint64_t now = 0;
  std::uint64_t most = 0;
  std::optional<WallTime> at;

  void set(std::uint64_t value, WallTime when) {
    now = value;
    if (value <= most) return;
    most = value;
    at = when;
  }
};

struct JobTally {
  std::uint64_t slots = 0;
  std::map<std::pair<ledger::SlotResult, ledger::SlotReason>, std::uint64_t> results;
  std::uint64_t runs = 0;  ///< that have started, also those without a slot
  std::uint64_t failed = 0;
  std::uint64_t cut_off = 0;  ///< runs that were under way when the span was over
  std::uint64_t waited = 0;   ///< slots whose run started later than they were due
  Duration longest_wait{};
  std::optional<WallTime> longest_wait_slot;
  Duration busy{};  ///< of all its runs together
  Peak running;
  Peak queued;

  std::uint64_t count(ledger::SlotResult result) const;
  std::uint64_t count(ledger::SlotResult result, ledger::SlotReason reason) const;
};

struct GroupTally {
  std::optional<int> limit;
  Peak in_use;                ///< sum of the weights of the runs under way
  std::uint64_t refused = 0;  ///< slots skipped(group) or skipped(rate)
  Duration saturated{};       ///< for so long it was full

  std::optional<WallTime> full_since;
};

struct Tally {
  std::map<std::string, JobTally, std::less<>> jobs;
  std::map<std::string, GroupTally, std::less<>> groups;
  Peak running;
  Peak queued;
  std::uint64_t slots = 0;
  std::uint64_t unaccounted = 0;  ///< slots that the engine lost sight of: a bug of belfry

  explicit Tally(std::shared_ptr<const engine::Catalog> catalog);

  /// Takes an event of that instant.
  void take(const engine::Event& event, WallTime now);

  /// The span is over: what is under way is counted up to here, and what comes from now on is not.
  void close(WallTime now);

 private:
  struct Visitor;
  void enter(std::string_view job, WallTime now);
  void leave(std::string_view job, WallTime now);
  void change_group(std::string_view job, int sign, WallTime now);

  std::shared_ptr<const engine::Catalog> catalog_;
  std::map<ledger::RunId, std::pair<std::string, WallTime>> under_way_;
  bool closed_ = false;
};

}  // namespace belfry::daemon
