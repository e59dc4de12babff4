// The one pen of the engine: what is written into the ledger is also published, in the same order, so that the durable
// record and what observers were told cannot disagree; and what the next daemon must know of a run if this one is
// killed now stands in the table of live runs before anything else happens.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "engine/event.hpp"
#include "ledger/ledger.hpp"
#include "ledger/live_runs.hpp"

namespace belfry::engine {

/// Loop thread only. `ledger`, `events` and `live` (if there is one) must outlive the recorder.
class Recorder {
 public:
  Recorder(ledger::Ledger& ledger, EventStream& events, ledger::LiveRuns* live)
      : ledger_(ledger), events_(events), live_(live) {}

  /// Publishes the fact, then hands it to the ledger. Never blocks.
  template <class Fact>
  void record(Fact fact) {
    note_live(fact);
    Event event(std::move(fact));
    events_.publish(event);
    write(ledger::Entry(std::get<Fact>(std::move(event))));  // outputs may be large: they are not copied
  }

  /// The same for a fact that an earlier daemon left in the table, and did not bring to the ledger any more.
  template <class Fact>
  void record_late(Fact fact) {
    if constexpr (std::is_same_v<Fact, ledger::RunEnded>) ended_.push_back(fact.run);
    Event event(std::move(fact));
    events_.publish(event);
    write(ledger::Entry(std::get<Fact>(std::move(event))));
  }

  /// Tells observers something that the ledger does not keep.
  void publish(const Event& event) { events_.publish(event); }

  /// Tells the ledger something that observers need not know, or have been told.
  void write(ledger::Entry entry) noexcept {
    if (together_) {
      together_->push_back(std::move(entry));
    } else {
      ledger_.write(std::move(entry));
    }
  }

  /// While it lives, what is recorded gathers; at its end all of that is handed over, to become durable in one commit.
  /// One within another is part of that.
  class Together {
   public:
    explicit Together(Recorder& recorder) : recorder_(recorder), outermost_(!recorder.together_) {
      if (outermost_) recorder_.together_.emplace();
    }
    Together(const Together&) = delete;
    Together& operator=(const Together&) = delete;
    ~Together() {
      if (outermost_) recorder_.ledger_.write_together(*std::exchange(recorder_.together_, std::nullopt));
    }

   private:
    Recorder& recorder_;
    bool outermost_;
  };

  ledger::Ledger& ledger() noexcept { return ledger_; }
  ledger::LiveRuns* live() noexcept { return live_; }

  /// The runs that ended since the last call: once the ledger has made their ends durable, the table may forget them.
  std::vector<ledger::RunId> take_ended() noexcept { return std::exchange(ended_, {}); }
  bool has_ended() const noexcept { return !ended_.empty(); }

 private:
  template <class Fact>
  void note_live(const Fact& fact) {
    if (live_ == nullptr) return;
    if constexpr (std::is_same_v<Fact, ledger::RunStarted>) live_->begin(fact);
    if constexpr (std::is_same_v<Fact, ledger::AttemptEnded>) live_->attempt_ended(fact);
    if constexpr (std::is_same_v<Fact, ledger::RunEnded>) {
      live_->ended(fact);
      ended_.push_back(fact.run);
    }
  }

  ledger::Ledger& ledger_;
  EventStream& events_;
  ledger::LiveRuns* live_;
  std::vector<ledger::RunId> ended_;
  std::optional<std::vector<ledger::Entry>> together_;
};

}  // namespace belfry::engine
