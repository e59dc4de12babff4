// The durable record of slots, runs and attempts, as the engine sees it.
//
// A Ledger takes entries without ever blocking its caller and makes them durable in order on a thread of its own; a
// LedgerReader answers questions about what is durable. SQLite (sqlite_ledger.hpp) is the default store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "ledger/entry.hpp"

namespace belfry::ledger {

/// One run, as history shows it. `outcome` is empty while it runs.
struct RunRow {
  RunId run = 0;
  std::string job;
  RunTrigger trigger = RunTrigger::schedule;
  std::optional<WallTime> scheduled_at;
  WallTime started_at;
  std::optional<WallTime> ended_at;
  std::optional<Outcome> outcome;
  std::optional<int> exit_code;
  std::optional<int> signal;
  int attempts = 0;
  std::string message;
  std::optional<RunId> caused_by{};   ///< see RunStarted
  std::optional<StartWaits> waits{};  ///< none: written by an older belfry
  std::optional<Duration> launch{};   ///< of its first attempt, see AttemptEnded; none as long as that has not ended
};

struct RunQuery {
  std::string job{};                       ///< empty: all jobs
  std::vector<Outcome> outcomes{};         ///< empty: all, running ones included
  std::optional<WallTime> since{};         ///< started at or after
  std::optional<WallTime> under_way_at{};  ///< started by then, and ended then or later, or not yet
  std::size_t limit = 50;                  ///< newest first; 1 to 10,000
};

struct SlotQuery {
  std::string job{};  ///< empty: all jobs
  std::optional<WallTime> since{};
  std::size_t limit = 50;
};

/// The entry that covers an instant, and those beside it, of one job.
struct SlotsAround {
  std::optional<SlotClosed> covering;  ///< its slots reach over the instant
  std::optional<SlotClosed> before;    ///< the nearest one that ends before the instant
  std::optional<SlotClosed> after;     ///< the nearest one that begins after it
};

/// What may explain a span of time.
struct HappeningQuery {
  std::string job{};  ///< whose pauses and breakers are wanted; empty: those of all jobs
  WallTime since;
  WallTime until;
  std::size_t limit = 1000;  ///< of each kind inside the span, the newest; 1 to 10,000
};

/// How long a run took.
struct RunSpan {
  RunId run = 0;
  WallTime started_at;
  WallTime ended_at;
  Outcome outcome = Outcome::success;
};

/// Totals of a job since the ledger began: they make the counters of /metrics survive a restart.
struct JobTotals {
  std::string job;
  struct Runs {
    Outcome outcome;
    RunTrigger trigger;
    std::uint64_t count;
  };
  struct Slots {
    SlotResult result;
    SlotReason reason;
    std::uint64_t count;
  };
  std::vector<Runs> runs;
  std::vector<Slots> slots;
  std::uint64_t retries = 0;
  std::optional<WallTime> last_slot;  ///< the newest slot that was closed in its order: all before it are on record
  std::optional<WallTime> last_start;
  std::optional<WallTime> last_success;
  std::optional<WallTime> last_failure;  ///< the newest end other than success or cancelled
  std::optional<WallTime> last_end{};    ///< the newest end of any outcome, which is last_outcome
  std::optional<Outcome> last_outcome;
  std::optional<Duration> last_duration{};  ///< of the run that ended last
  std::uint64_t consecutive_failures = 0;
};

/// What the engine needs to go on where the last daemon stopped.
struct Resume {
  struct JobSlot {
    std::string job;
    WallTime scheduled_at;
  };
  std::vector<JobTotals> jobs;
  std::vector<JobSlot> out_of_order;    ///< slots on record that are newer than their job's last_slot
  std::vector<PauseChanged> paused;     ///< the jobs that are paused now
  std::vector<JobDeclared> declared;    ///< how each job was declared last
  std::vector<OneShotAdded> one_shots;  ///< those still waiting, by the time when they are due
  std::vector<RunStarted> unfinished;   ///< runs without an end: the last daemon died while they ran
  /// Runs that were lost, of which no other run was caused: with guarantee: at_least_once they are owed a repetition.
  std::vector<RunStarted> unrepeated;
  std::vector<SlotClaimed> claims;       ///< slots that were claimed and never closed: they may have started
  std::vector<BreakerChanged> breakers;  ///< those that are open
  std::optional<DaemonMark> last_mark;
  std::optional<ZonesChanged> last_zones;
  std::optional<GenerationApplied> last_generation;
  RunId last_run = 0;  ///< the largest id on record; next_run_id() goes on above it
};

/// Answers questions about what is durable. Synchronous: it reads the disk, so never call it on the loop's thread.
/// One thread at a time may use one reader; open one for each thread. Every member throws LedgerError on a failing
/// disk.
class LedgerReader {
 public:
  virtual ~LedgerReader() = default;
  virtual Resume resume() = 0;
  virtual std::vector<RunRow> runs(const RunQuery& query) = 0;
  virtual std::optional<RunRow> run(RunId run) = 0;
  virtual std::vector<AttemptEnded> attempts(RunId run) = 0;  ///< with their output, oldest first
  virtual std::vector<StepEnded> steps(RunId run) = 0;        ///< by attempt, then in the order in which they began
  virtual std::vector<SlotClosed> slots(const SlotQuery& query) = 0;

  /// What is on record for that instant of the job.
  virtual SlotsAround slot_at(const std::string& job, WallTime instant) = 0;

  /// How the job is declared, and since when; none when it is not, or no more.
  virtual std::optional<JobDeclared> declared(const std::string& job) = 0;

  /// Pauses, breakers, clock jumps, changes of zones, generations and daemon marks that touch the span, in order of
  /// time: what happened inside it, and before that, what was in force when it began. A pause gives two entries if its
  /// end lies inside the span.
  virtual std::vector<Entry> happenings(const HappeningQuery& query) = 0;

  /// How long the job's last runs took, newest first, of those that ended; `limit` is 1 to 10,000.
  virtual std::vector<RunSpan> durations(const std::string& job, std::size_t limit) = 0;
};

/// Figures about the writer; any thread may read them.
struct LedgerStats {
  std::size_t queued = 0;  ///< entries not yet durable
  std::size_t queued_bytes = 0;
  std::uint64_t written = 0;  ///< entries made durable
  std::uint64_t commits = 0;
  std::uint64_t errors = 0;          ///< commits that failed (and were tried again)
  std::uint64_t dropped = 0;         ///< entries given up because the queue was full
  std::uint64_t dropped_output = 0;  ///< outputs shortened because the queue was nearly full
  std::uint64_t refused = 0;         ///< entries that contradict the record: a slot closed twice, a run ended twice
  std::uint64_t size_bytes = 0;      ///< of the store, as of its last commits
  std::string last_error;            ///< empty when the last commit went well, into the file that readers see
  std::string last_refusal;          ///< which entry was refused, and why; empty when none was
};

/// Says, now and then, whether to give up; empty: never.
using Stop = std::function<bool()>;

class Ledger {
 public:
  virtual ~Ledger() = default;

  /// A fresh id, larger than any before. Never blocks. Any thread.
  virtual RunId next_run_id() noexcept = 0;

  /// No id up to `used` is given out any more: runs that were started and died with the daemon before they were durable
  /// had them. Durable, as an entry is. Never blocks. Any thread.
  virtual void skip_run_ids(RunId used) noexcept = 0;

  /// Hands an entry over; it becomes durable in the order of the calls, with others in one commit. Never blocks, never
  /// throws: a full queue (bounded in bytes) first sheds outputs, then drops entries. False when this one was dropped,
  /// which is counted too. Any thread.
  virtual bool write(Entry entry) noexcept = 0;

  /// The same for entries that mean nothing without each other: all of them become durable in one commit. Those of
  /// them that a full queue does not take are dropped one by one, and counted.
  virtual void write_together(std::vector<Entry> entries) noexcept {
    for (Entry& entry : entries) write(std::move(entry));
  }

  /// Calls `done` on the writer's thread once all that was written before this call is durable (or given up at close).
  virtual void when_durable(std::move_only_function<void()> done) = 0;

  /// A reader of the same store; see LedgerReader. Throws LedgerError.
  virtual std::unique_ptr<LedgerReader> open_reader() const = 0;

  virtual LedgerStats stats() const = 0;

  /// Copies all that is durable now into the file `to`, which must not exist yet: complete and checked, or not there at
  /// all. Nobody who writes waits for it. Gives the bytes of the file. Reads and writes as much as the ledger holds:
  /// any thread but the loop's. Throws LedgerError; so does every store that has no such copies.
  virtual std::uint64_t backup(const std::string& to, const Stop& stop) const;

  /// Tells this ledger from others on this machine, e.g. "3fd1c06a9e0b7c55"; the same for every daemon that opens it
  /// until the machine boots again. Empty: unknown. Any thread.
  virtual std::string_view id() const noexcept { return {}; }
};

/// Completes on the awaiting loop once all that was written before is durable. Cancellation: stops waiting.
async::Task<> flush(Ledger& ledger);

}  // namespace belfry::ledger
