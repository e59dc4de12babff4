// From events to spans: a run is a trace, with what it waited for, its attempts, the launch of the first and the tries
// of steps as spans below its own. Slots that did not become a run are in no trace, nor are steps that were skipped.
// Pure but for what it remembers of runs under way; loop thread only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/trace/span.hpp"
#include "engine/event.hpp"
#include "jobs/run_ids.hpp"

namespace belfry::daemon {

class SpanSource {
 public:
  /// Of a message so many bytes are told.
  static constexpr std::size_t longest_message = 1024;

  /// `ledger_id`: the ids of its runs are made of it.
  explicit SpanSource(std::string ledger_id) : ledger_id_(std::move(ledger_id)) {}

  /// The spans that have ended with the event.
  std::vector<Span> on(const engine::Event& event);

  /// Nobody listens any more: what is remembered goes.
  void forget() {
    under_way_.clear();
    catalog_.reset();
  }

 private:
  using Spans = std::vector<Span>;

  Spans on_event(const engine::CatalogApplied& applied);
  Spans on_event(const ledger::RunStarted& run);
  Spans on_event(const engine::RunAdopted& adopted);
  Spans on_event(const ledger::StepEnded& step);
  Spans on_event(const ledger::AttemptEnded& attempt);
  Spans on_event(const ledger::RunEnded& run);
  template <class Other>
  Spans on_event(const Other&) {
    return {};
  }
  Span launch_of(const ledger::AttemptEnded& attempt, time::Duration launch, const jobs::TraceIds& ids) const;
  std::string name_of(const std::string& job) const;

  std::string ledger_id_;
  std::shared_ptr<const engine::Catalog> catalog_;  // in force; none before the first
  std::map<ledger::RunId, ledger::RunStarted> under_way_;
};

}  // namespace belfry::daemon
