// DurationTrend: do the last runs of a job take longer than those before them? Medians, so that one odd run says
// nothing.
//
// Pure; bounded: it remembers 55 runs.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "ledger/entry.hpp"

namespace belfry::observe {

class DurationTrend {
 public:
  static constexpr std::size_t recent_runs = 5;
  static constexpr std::size_t earlier_runs = 50;        ///< that the recent ones are compared with
  static constexpr std::size_t least_earlier_runs = 10;  ///< fewer are no measure
  /// Runs that have become longer by less than this are not slower, whatever the share: a tenth of a second that became
  /// two tenths is noise.
  static constexpr ledger::Duration least_difference = std::chrono::seconds{1};

  /// A successful run, in any order; one that is known already is not counted again.
  void add(ledger::RunId run, ledger::Duration took);

  struct Comparison {
    ledger::Duration recent{};  ///< median of the recent runs
    ledger::Duration agreed{};  ///< the longest that is not slower
    bool slower = false;
  };
  /// None while too few runs are known. `share`: 0.5 lets runs become half as long again.
  std::optional<Comparison> compare(double share) const;

 private:
  std::map<ledger::RunId, ledger::Duration> runs_;  // the newest ones
};

}  // namespace belfry::observe
