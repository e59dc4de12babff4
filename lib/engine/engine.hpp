// The scheduler proper: takes a catalog, starts a run for every slot that admission lets through, and says what became
// of each slot and run to the ledger and the event stream.
//
// Owned by the daemon; every member is called on the loop's thread (other threads cross by Loop::call_soon_threadsafe).
// Reading order: due_queue.hpp (what is due) -> slot_span.hpp (what piled up) -> admission.hpp (may it start) ->
// run.hpp (its attempts) -> engine.cpp (the road itself). Generations are in engine_catalog.cpp, requests by hand in
// engine_requests.cpp.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/task.hpp"
#include "async/task_group.hpp"
#include "engine/catalog_diff.hpp"
#include "engine/due_queue.hpp"
#include "engine/event.hpp"
#include "engine/job_state.hpp"
#include "engine/recorder.hpp"
#include "engine/slot_span.hpp"
#include "engine/status.hpp"
#include "ledger/ledger.hpp"

namespace belfry::engine {

/// Why a request was not carried out.
struct Refusal {
  enum class Kind : std::uint8_t {
    not_found,  ///< no such job or run
    policy,     ///< overlap, disabled or draining forbids it
  };
  Kind kind = Kind::not_found;
  std::string message;  ///< a sentence that tells what to do
};

/// Makes the job that carries out a delayed one-shot; the engine knows no kind of action.
using OneShotFactory = std::function<std::shared_ptr<const Job>(const ledger::OneShotAdded&)>;

class Engine {
 public:
  /// `ledger` and `events` must outlive the engine.
  Engine(ledger::Ledger& ledger, EventStream& events, OneShotFactory one_shots);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  /// Takes over what the last daemon left: publishes Resumed, closes its unfinished runs as lost, restores one-shots
  /// and keeps pauses and last slots for apply(). REQUIRES: called once, before apply().
  void resume(std::shared_ptr<const ledger::Resume> past);

  /// Puts a generation into force between two turns of the loop. Unchanged jobs keep their next slot, their pause and
  /// their runs; a changed job is planned anew from now, so that it never fires for a time already past; running runs
  /// finish under the declaration that they started with. An unchanged job whose trigger now has another next slot (new
  /// rules of its time zone, other holidays) waits for that one, and is told as moved. With the first generation, slots
  /// missed since the last one on record become due at once, and the job's policy decides what becomes of them.
  CatalogDiff apply(std::shared_ptr<const Catalog> catalog);

  /// Starts what is due, until drain() was called and the last run has ended. Resumes on the loop. To end it, drain().
  async::Task<> serve();

  /// Stops intake at once: nothing more starts, waiting slots are closed as skipped(shutdown). Waits for the running
  /// runs up to `grace`, then cancels them (each action ends what it started) and waits for that. A second call while
  /// the first waits shortens the patience. REQUIRES: serve() is under way. Cancellation: intake stays stopped.
  async::Task<> drain(Duration grace);

  /// Starts the job now, beside its schedule, and says which run that is; `queue` jobs wait their turn. Runs although
  /// the job is paused or disabled: whoever asks by hand means it.
  std::expected<ledger::RunId, Refusal> run_now(std::string_view job);

  /// Ends a run that is under way (its outcome becomes `cancelled`); returns at once, RunEnded follows.
  std::expected<void, Refusal> cancel_run(ledger::RunId run, std::string_view by);

  /// Ends all runs of the job and says how many there were.
  std::expected<int, Refusal> cancel_job(std::string_view job, std::string_view by);

  /// While paused, every slot of the job is closed as skipped(paused). Durable.
  std::expected<void, Refusal> pause(std::string_view job, std::string reason, std::string by);
  std::expected<void, Refusal> resume_job(std::string_view job, std::string by);

  /// Runs a command once at `request.due`, also after a restart; an empty name is replaced by a fresh "one-shot-N",
  /// which is returned. Jobs that are not in the catalog are one-shots: metrics fold them under the name "one-shot".
  std::expected<std::string, Refusal> add_one_shot(ledger::OneShotAdded request);

  /// Forgets a one-shot that has not started.
  std::expected<void, Refusal> remove_one_shot(std::string_view name);

  EngineStatus status() const;
  std::vector<JobStatus> jobs() const;  ///< by name; one-shots that wait or run, too
  std::optional<JobStatus> job(std::string_view name) const;
  std::optional<ActiveRun> active_run(ledger::RunId run) const;  ///< none when it has ended
  std::shared_ptr<const Catalog> catalog() const { return catalog_; }

 private:
  // slots (engine.cpp)
  async::Task<> serve_slots();
  Duration note_clock();
  bool fire_some(WallTime now, ledger::SlotReason why_late);
  void settle(JobState& state, WallTime now, ledger::SlotReason why_late);
  std::optional<ledger::RunId> admit_slot(JobState& state, WallTime slot, ledger::RunTrigger trigger, WallTime now);
  void close_slots(const JobState& state, const SlotSpan& slots, ledger::SlotResult result, ledger::SlotReason reason,
                   std::optional<ledger::RunId> run);
  void plan(JobState& state, WallTime after);
  void wake();

  // runs (engine.cpp)
  void start(JobState& state, const Launch& launch);
  async::Task<> carry_out(std::shared_ptr<JobState> state, std::shared_ptr<Run> run);
  void run_ended(JobState& state, ledger::RunEnded ended);
  void start_queued(JobState& state);
  async::Task<> runs_ended();
  void drop(const JobState& state, const Launch& launch, ledger::SlotReason reason, const std::string& why);
  void clear_queue(JobState& state, ledger::SlotReason reason, const std::string& why);

  // generations (engine_catalog.cpp)
  void add_job(const std::shared_ptr<const Job>& job);
  std::optional<MovedSlot> renew(JobState& state, const std::shared_ptr<const Job>& job);
  std::optional<WallTime> declare(const Job& job);  // since when it is declared just so; none: it is news
  void withdraw(const std::string& job);
  void withdraw_undeclared();
  void remove_job(JobState& state);
  void forget_if_done(const JobState& state);
  std::shared_ptr<JobState> new_state(std::shared_ptr<const Job> job);

  // requests (engine_requests.cpp)
  std::expected<JobState*, Refusal> find(std::string_view job) const;
  JobStatus status_of(const JobState& state) const;

  Recorder recorder_;
  OneShotFactory one_shot_factory_;
  std::shared_ptr<const Catalog> catalog_;
  std::map<std::string, const ledger::JobTotals*, std::less<>> totals_;  // into past_, until the first generation
  std::shared_ptr<const ledger::Resume> past_;
  std::map<std::string, ledger::JobDeclared, std::less<>> declared_;
  std::map<std::string, ledger::PauseChanged, std::less<>> paused_before_;
  DueQueue due_;
  std::map<std::string, std::shared_ptr<JobState>, std::less<>> jobs_;  // after due_: its slots leave the queue first
  std::map<ledger::RunId, std::shared_ptr<Run>> live_;
  async::TaskGroup* runs_ = nullptr;       // set while serve() is under way
  async::CancelScope* waiting_ = nullptr;  // the wait for the next slot: cancelled when an earlier one appears
  async::Event idle_;                      // set while no run is under way
  bool draining_ = false;
  Duration wall_minus_monotonic_{};  // as last seen: it changes when the wall clock is set
  std::uint64_t next_one_shot_ = 1;
};

}  // namespace belfry::engine
