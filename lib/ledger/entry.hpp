// What is written into the ledger: plain values, one struct for each kind of fact.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ledger/outcome.hpp"
#include "time/wall_time.hpp"

namespace belfry::ledger {

using time::Duration;
using time::WallTime;

/// Identifies a run for ever: positive, increasing in the order in which runs were created.
using RunId = std::int64_t;

/// What the processes of an attempt consumed: all of them that were reaped, and with a control group of its own simply
/// all.
struct ResourceUsage {
  Duration user_cpu{};
  Duration system_cpu{};
  std::int64_t max_rss_bytes = 0;  ///< the largest resident set of a single process
  std::int64_t read_bytes = 0;     ///< from block devices
  std::int64_t written_bytes = 0;  ///< to block devices
  /// The most memory of all together, with their page cache. None: there was no control group that knew.
  std::optional<std::int64_t> memory_peak_bytes{};

  /// Takes in what another one consumed, before, after or beside.
  void add(const ResourceUsage& other) noexcept {
    user_cpu += other.user_cpu;
    system_cpu += other.system_cpu;
    max_rss_bytes = std::max(max_rss_bytes, other.max_rss_bytes);
    read_bytes += other.read_bytes;
    written_bytes += other.written_bytes;
    memory_peak_bytes = std::max(memory_peak_bytes, other.memory_peak_bytes);
  }
};

/// The end of one stream of an attempt's output, bounded: its first and its last bytes.
struct CapturedStream {
  std::string head;                 ///< the first bytes
  std::string tail;                 ///< the last bytes; empty when all fitted into head
  std::uint64_t total_bytes = 0;    ///< all that was printed
  std::uint64_t dropped_bytes = 0;  ///< printed between head and tail, and not kept
};

/// A slot is open: it is about to be acted on, or waits. Written, and made durable, before its instant comes, so that a
/// daemon that finds it after a power cut knows that the slot may have started. The SlotClosed that covers it takes it
/// away; so does another one with `withdrawn`: the slot is not due after all, because its job was changed.
struct SlotClaimed {
  std::string job;
  WallTime scheduled_at;
  WallTime at;
  bool withdrawn = false;
};

/// A slot met its end. One entry closes `count` consecutive slots of the job, from `scheduled_at` to
/// `last_scheduled_at` (both the same when count is 1): a fortnight of missed 5 s slots is one entry.
struct SlotClosed {
  std::string job;
  WallTime scheduled_at;
  WallTime last_scheduled_at;
  std::uint64_t count = 1;
  SlotResult result = SlotResult::started;
  SlotReason reason = SlotReason::none;
  std::optional<RunId> run;  ///< the run that was started, or into which it was coalesced
  WallTime closed_at;
  /// Older slots of the job may have no entry yet: this one is not the newest of JobTotals::last_slot, but comes in
  /// Resume::out_of_order until a newer one is closed. Only written: no reader gives it back.
  bool out_of_order = false;
};

/// For what a run waited between its due instant and its start. What is left of that time was the loop's: it was not
/// there, was stuck, or had others to start before.
struct StartWaits {
  Duration queue{};         ///< for its turn, its group, the catch-up budget
  Duration precondition{};  ///< for the answer of its precondition
  Duration ledger{};        ///< for its claim to become durable

  Duration sum() const noexcept { return queue + precondition + ledger; }
  friend bool operator==(const StartWaits&, const StartWaits&) = default;
};

/// A run began.
struct RunStarted {
  RunId run = 0;
  std::string job;
  RunTrigger trigger = RunTrigger::schedule;
  std::optional<WallTime> scheduled_at;  ///< the slot; none for a run by hand
  WallTime started_at;
  std::uint64_t generation = 0;  ///< of the configuration it runs under
  /// The run that this one follows from: the upstream one of a dependency, or the lost one that it repeats.
  std::optional<RunId> caused_by{};
  StartWaits waits{};
};

/// One attempt of a run ended. `attempt` counts from 1.
struct AttemptEnded {
  RunId run = 0;
  std::string job;
  int attempt = 1;
  WallTime started_at;
  WallTime ended_at;
  Outcome outcome = Outcome::success;
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::string message;  ///< one sentence for a person; empty on plain success
  ResourceUsage usage;
  CapturedStream standard_output;
  CapturedStream standard_error;
  int orphans = 0;              ///< processes of its tree that had to be swept up after it
  bool lingering_pipe = false;  ///< someone kept its output open after it had ended
  /// Of the first attempt: from the start of the run until its process was there, or its function began. None: not
  /// known.
  std::optional<Duration> launch{};
};

/// One try of one step of an attempt (of a flow) ended, or the step was skipped. Written before the attempt's end.
struct StepEnded {
  RunId run = 0;
  std::string job{};
  int attempt = 1;
  std::string step{};   ///< its id
  int item = 0;         ///< from 1, of a step that runs for each of several items; 0: it runs once
  std::string label{};  ///< of the item
  int number = 1;       ///< of the try, from 1
  WallTime started_at;
  WallTime ended_at;
  std::optional<Outcome> outcome;  ///< none: it was skipped, and `message` says why
  std::optional<int> exit_code{};
  std::optional<int> signal{};
  std::string message{};                         ///< one sentence for a person; empty on plain success
  std::map<std::string, std::string> outputs{};  ///< what it hands on, by name; what is long is cut
};

/// A run ended; its outcome is that of its last attempt.
struct RunEnded {
  RunId run = 0;
  std::string job;
  RunTrigger trigger = RunTrigger::schedule;
  std::optional<WallTime> scheduled_at;
  WallTime started_at;
  WallTime ended_at;
  Outcome outcome = Outcome::success;
  std::optional<int> exit_code;
  std::optional<int> signal;
  int attempts = 1;
  std::string message;
};

/// A job was paused or resumed; survives restarts.
struct PauseChanged {
  std::string job;
  bool paused = false;
  std::string reason;
  std::string by;  ///< who asked: a user name
  WallTime at;
  std::optional<WallTime> until{};  ///< when it ends by itself; none: when somebody ends it
};

/// A job is declared like this from `at` on. Written when a declaration is new or has changed, so that a later daemon
/// knows which slots were due while it was down. An empty fingerprint: it is declared no more.
struct JobDeclared {
  std::string job;
  std::string fingerprint;
  WallTime at;
};

/// A delayed one-shot was asked for (`belfry in`, `belfry at`); kept until OneShotRemoved.
struct OneShotAdded {
  std::string name;
  WallTime due;
  std::vector<std::string> argv;
  std::string working_dir;
  std::map<std::string, std::string> environment;
  std::string by;
  WallTime at;
};

struct OneShotRemoved {
  std::string name;
};

/// The circuit breaker of a job opened or closed; survives restarts.
struct BreakerChanged {
  std::string job;
  bool open = false;
  std::optional<WallTime> until{};  ///< when a probe may run; none when it is closed
  WallTime at;
  std::string why;  ///< one sentence for a person
};

/// The wall clock went on by more, or less, than time did. Explains a gap, as the next ones do.
struct ClockJumped {
  enum class What : std::uint8_t {
    set,      ///< somebody, or something, set it
    suspend,  ///< the machine slept
  };
  WallTime at;      ///< by the clock after the step
  Duration step{};  ///< positive: forward
  What what = What::set;
};

/// Other rules of time zones came into force. The texts are versions of tzdata, e.g. "2026a"; empty when unknown.
struct ZonesChanged {
  WallTime at;
  std::string before;
  std::string now;
};

/// A configuration came into force. Also written at each start of the daemon.
struct GenerationApplied {
  std::uint64_t generation = 0;
  WallTime at;
  std::string fingerprint;  ///< SHA-256 of its text, in hexadecimal digits
  std::uint64_t jobs = 0;   ///< declared by it
  std::uint64_t added = 0;  ///< jobs that the one before had not; the next two likewise
  std::uint64_t changed = 0;
  std::uint64_t removed = 0;
};

/// No run has or will have a number up to `used`, though none of them may be on record. Ledger::skip_run_ids() writes
/// it.
struct RunIdsSkipped {
  RunId used = 0;
};

struct DaemonMark {
  enum class What : std::uint8_t { started, stopped } what = What::started;
  WallTime at;
};

/// Anything that the ledger records.
using Entry = std::variant<SlotClosed, RunStarted, AttemptEnded, RunEnded, PauseChanged, JobDeclared, OneShotAdded,
                           OneShotRemoved, ClockJumped, DaemonMark, SlotClaimed, BreakerChanged, ZonesChanged,
                           GenerationApplied, RunIdsSkipped, StepEnded>;

}  // namespace belfry::ledger
