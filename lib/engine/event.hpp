// The one way out of the engine: everything that happens is an Event on its EventStream, in order.
//
// Metrics, log, API stream and notifications subscribe; the engine knows none of them, so they cannot disagree.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/approval.hpp"
#include "engine/breaker.hpp"
#include "engine/job.hpp"
#include "engine/sla.hpp"
#include "ledger/entry.hpp"
#include "ledger/ledger.hpp"

namespace belfry::engine {

/// A new generation of the catalog is in force. Sent once at the start, too.
struct CatalogApplied {
  std::shared_ptr<const Catalog> catalog;
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;
};

/// The next slot of a job is known; none: it never fires again.
struct SlotPlanned {
  std::string job;
  std::optional<WallTime> next;
};

/// A slot is due and cannot start yet; SlotClosed follows.
struct SlotWaits {
  std::string job;
  WallTime scheduled_at;
};

/// How many slots and requests of a job wait: their turn, a place in the group, the catch-up budget, a precondition.
struct QueueChanged {
  std::string job;
  std::size_t queued = 0;
};

/// How many missed slots wait for the catch-up budget.
struct CatchupChanged {
  std::size_t waiting = 0;
};

/// What a group holds; told when it changes.
struct GroupChanged {
  std::string group;
  std::optional<std::int64_t> limit;  ///< none: no limit
  std::int64_t in_use = 0;            ///< the sum of the weights of its runs
  std::size_t waiting = 0;            ///< runs that wait for their place
  bool gone = false;                  ///< it is declared no more, and empty
};

/// The circuit breaker of a job is in another state.
struct BreakerTurned {
  std::string job;
  Breaker::State state = Breaker::State::closed;
};

/// A run or an attempt is under way; `start_delay` from the due instant to the launch of the first attempt.
struct AttemptStarted {
  ledger::RunId run = 0;
  std::string job;
  int attempt = 1;
  std::optional<Duration> start_delay;  ///< only of the first attempt of a scheduled run
  std::optional<Duration>
      queue_wait;  ///< only of the first: how much of it the run waited, for whatever; 0: not at all
};

/// An attempt failed and will be tried again after `delay`.
struct RetryPlanned {
  ledger::RunId run = 0;
  std::string job;
  int next_attempt = 2;
  Duration delay{};
};

/// A slot is skipped(precondition); `why` is a sentence for a person.
struct PreconditionFailed {
  ledger::RunId run = 0;
  std::string job;
  std::string why;
};

/// How far an attempt has come: at most once a second for each run.
struct RunProgressed {
  ledger::RunId run = 0;
  std::string job;
  int attempt = 1;
  Progress progress;
};

/// A run failed, and its retries are used up.
struct GaveUp {
  ledger::RunId run = 0;
  std::string job;
  int attempts = 1;
};

/// A step of a run waits until a person says yes or no; ApprovalSettled follows.
struct ApprovalAsked {
  ledger::RunId run = 0;
  std::string job;
  ApprovalQuestion question;
};

/// It waits no more.
struct ApprovalSettled {
  ledger::RunId run = 0;
  std::string job;
  std::string step;
  std::optional<ApprovalAnswer> answer;  ///< none: nobody said anything in time, or the run is being ended
};

/// A run that an earlier daemon started is under way still, or waits for its next attempt: it is supervised again.
struct RunAdopted {
  ledger::RunStarted started;
  int attempt = 1;  ///< 0: none had begun
};

/// A slot was lost sight of. It must never happen: who sees it has found a bug of belfry.
struct SlotUnaccounted {
  std::string job;
  WallTime scheduled_at;
  std::uint64_t count = 1;
};

/// What the ledger told about the past, sent once at the start: counters begin there.
struct Resumed {
  std::shared_ptr<const ledger::Resume> past;  ///< what was written later by who takes over is told as events
};

struct Draining {};

using Event = std::variant<CatalogApplied, SlotPlanned, SlotWaits, QueueChanged, CatchupChanged, GroupChanged,
                           BreakerTurned, AttemptStarted, RetryPlanned, PreconditionFailed, RunProgressed, GaveUp,
                           ApprovalAsked, ApprovalSettled, RunAdopted, SlotUnaccounted, Resumed, Draining, SlaBreached,
                           SlaMet, ledger::SlotClosed, ledger::RunStarted, ledger::StepEnded, ledger::AttemptEnded,
                           ledger::RunEnded, ledger::PauseChanged, ledger::OneShotAdded, ledger::OneShotRemoved,
                           ledger::ClockJumped, ledger::BreakerChanged>;

/// Calls every subscriber for every event, on the loop's thread, in the order of subscription. What a subscriber
/// publishes is told when all have been told of the event before it, so that all see one order. Not thread-safe.
class EventStream {
 public:
  using Subscriber = std::function<void(const Event&)>;

  /// The subscriber must outlive the stream, be quick (it is on the way of every slot) and not throw.
  void subscribe(Subscriber subscriber);

  void publish(const Event& event);

 private:
  void tell(const Event& event) const;

  std::vector<Subscriber> subscribers_;
  std::deque<Event> later_;  // by subscribers, meanwhile
  bool telling_ = false;
};

}  // namespace belfry::engine
