// Why did this job run at that time, or why not? The facts to a chain of links and one sentence. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/why/why_facts.hpp"

namespace belfry::daemon {

/// One thing that was asked on the way of a slot, in the order in which it is asked.
struct WhyLink {
  std::string what;  ///< "schedule", "calendar", "configuration", "daemon", "clock", "pause", "overlap", ..., "record"
  std::string text;  ///< a sentence for a person, without a full stop; names and reasons in it may hold anything
  bool decides = false;  ///< this is why
};

struct Why {
  std::string job;
  std::string timezone;
  WallTime at;
  bool is_slot = false;
  std::optional<bool> ran;  ///< none: it is to come, or waits
  std::optional<ledger::SlotClosed> slot;
  std::optional<ledger::RunRow> run;
  std::optional<WallTime> previous;
  std::optional<WallTime> next;
  std::vector<WhyLink> chain;
  std::string sentence;  ///< "It did not run at 2026-11-27 02:30 CET because ...."
};

Why explain(const WhyFacts& facts);

}  // namespace belfry::daemon
