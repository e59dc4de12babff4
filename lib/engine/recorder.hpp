// The one pen of the engine: what is written into the ledger is also published, in the same order, so that the durable
// record and what observers were told cannot disagree.
#pragma once

#include <utility>
#include <variant>

#include "engine/event.hpp"
#include "ledger/ledger.hpp"

namespace belfry::engine {

/// Loop thread only. `ledger` and `events` must outlive the recorder.
class Recorder {
 public:
  Recorder(ledger::Ledger& ledger, EventStream& events) : ledger_(ledger), events_(events) {}

  /// Publishes the fact, then hands it to the ledger. Never blocks.
  template <class Fact>
  void record(Fact fact) {
    Event event(std::move(fact));
    events_.publish(event);
    ledger_.write(ledger::Entry(std::get<Fact>(std::move(event))));  // outputs may be large: they are not copied
  }

  /// Tells observers something that the ledger does not keep.
  void publish(const Event& event) { events_.publish(event); }

  ledger::Ledger& ledger() noexcept { return ledger_; }

 private:
  ledger::Ledger& ledger_;
  EventStream& events_;
};

}  // namespace belfry::engine
