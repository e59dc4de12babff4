// The scheduler proper: takes a catalog, starts a run for every slot that admission lets through, and says what became
// of each slot and run to the ledger and the event stream.
//
// Owned by the daemon; every member is called on the loop's thread (other threads cross by Loop::call_soon_threadsafe).
// Reading order, which is the road of a slot: engine_slots.cpp (what is due; what piled up is slot_span.hpp) ->
// engine_admission.cpp (may it start: admission.hpp; what waits: waiting_room.hpp, group.hpp, catchup.hpp) ->
// engine_runs.cpp (its run: run.hpp; what its end sets going). Beside the road: engine_catalog.cpp (generations),
// engine_recovery.cpp (what the last daemon left), engine_requests.cpp (requests by hand, and what is shown).
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/task.hpp"
#include "async/task_group.hpp"
#include "engine/catalog_diff.hpp"
#include "engine/catchup.hpp"
#include "engine/dependencies.hpp"
#include "engine/due_queue.hpp"
#include "engine/event.hpp"
#include "engine/group.hpp"
#include "engine/job_state.hpp"
#include "engine/one_shots.hpp"
#include "engine/past.hpp"
#include "engine/recorder.hpp"
#include "engine/refusal.hpp"
#include "engine/run.hpp"
#include "engine/status.hpp"
#include "engine/waiting_room.hpp"
#include "ledger/ledger.hpp"

namespace belfry::engine {

class Engine {
 public:
  /// `ledger`, `events` and `live` must outlive the engine. Without a table of live runs a later daemon cannot take
  /// over what this one leaves behind.
  Engine(ledger::Ledger& ledger, EventStream& events, OneShotFactory one_shots, ledger::LiveRuns* live = nullptr);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  /// Takes over what the last daemon left: publishes Resumed, brings to the ledger the starts that only the table knew,
  /// restores one-shots, and keeps for apply() pauses, breakers, last slots, the runs that may still be under way, and
  /// those that are over or whose end nobody knows (lost). REQUIRES: called once, before apply().
  void resume(std::shared_ptr<const Past> past);

  /// Puts a generation into force between two turns of the loop. Unchanged jobs keep their next slot, their pause and
  /// their runs; a changed job is planned anew from now, so that it never fires for a time already past; running runs
  /// finish under the declaration that they started with. An unchanged job whose trigger now has another next slot (new
  /// rules of its time zone, other holidays) waits for that one, and is told as moved. With the first generation, runs
  /// of the last daemon are adopted, and slots missed since the last one on record become due at once; the job's
  /// policies decide what becomes of them. REQUIRES: serve() is under way.
  CatalogDiff apply(std::shared_ptr<const Catalog> catalog);

  /// Starts what is due, until drain() was called and the last run has ended. Resumes on the loop. To end it, drain().
  async::Task<> serve();

  /// Whether serve() has begun and not ended: it does so in a turn of the loop after it was started.
  bool serving() const noexcept { return tasks_ != nullptr; }

  /// Stops intake at once: nothing more starts, waiting slots are closed as skipped(shutdown). Waits for the running
  /// runs up to `grace`, then cancels them (each action ends what it started) and waits for that. A second call while
  /// the first waits shortens the patience. REQUIRES: serve() is under way. Cancellation: intake stays stopped.
  async::Task<> drain(Duration grace);

  /// After drain(), once the ledger has made all of it durable: the table of live runs has nothing to tell any more.
  void all_is_durable();

  /// Starts the job now, beside its schedule, and says which run that is; it may have to wait its turn, or for its
  /// group. No pause, breaker or precondition holds it back: whoever asks by hand means it.
  std::expected<ledger::RunId, Refusal> run_now(std::string_view job);

  /// Files that the job's watch waits for have come: a slot is due now. Its instant, of which SlotClosed may have told
  /// already; none: the job is disabled, has no watch, or intake has stopped.
  std::optional<WallTime> notice(std::string_view job, std::shared_ptr<const WatchedFiles> files);
  /// Since when nobody has answered for the job's files: its last start; before its first, when it was declared.
  WallTime unanswered_since(std::string_view job) const;

  /// Ends a run that is under way (its outcome becomes `cancelled`); returns at once, RunEnded follows.
  std::expected<void, Refusal> cancel_run(ledger::RunId run, std::string_view by);
  /// Ends all runs of the job and says how many there were.
  std::expected<int, Refusal> cancel_job(std::string_view job, std::string_view by);

  /// Says yes or no for a step of a run that waits for it (empty: for the only one), and gives the id of that step.
  std::expected<std::string, Refusal> decide(ledger::RunId run, std::string_view step, ApprovalAnswer answer);

  /// While paused, every slot of the job is closed as skipped(paused); until that time, if there is one, or until
  /// somebody resumes it. Durable.
  std::expected<void, Refusal> pause(std::string_view job, std::string reason, std::string by,
                                     std::optional<WallTime> until = std::nullopt);
  /// Ends the pause, and closes the job's circuit breaker: somebody says that it is repaired.
  std::expected<void, Refusal> resume_job(std::string_view job, std::string by);
  /// Runs a command once at `request.due`, also after a restart; an empty name is replaced by a fresh "one-shot-N",
  /// which is returned. Jobs that are not in the catalog are one-shots: metrics fold them under the name "one-shot".
  std::expected<std::string, Refusal> add_one_shot(ledger::OneShotAdded request);
  /// Forgets a one-shot that has not started.
  std::expected<void, Refusal> remove_one_shot(std::string_view name);

  /// The missed slots that wait for the catch-up budget, in the order in which they run.
  std::vector<MissedSlot> catchup_plan(std::size_t limit) const { return catchup_.plan(limit); }
  std::size_t catchup_size() const noexcept { return catchup_.size(); }
  /// Runs the missed slots of the job now, or closes them as skipped(cancelled), and says how many there were.
  std::expected<int, Refusal> catchup_run(std::string_view job);
  std::expected<int, Refusal> catchup_skip(std::string_view job);

  EngineStatus status() const;
  /// By name; then the one-shots that wait for their time, the first ones to become due, at most so many.
  std::vector<JobStatus> jobs(std::size_t one_shots) const;
  std::optional<JobStatus> job(std::string_view name) const;
  std::vector<WaitingRun> waiting(std::size_t limit) const;
  std::vector<GroupStatus> groups() const;
  std::vector<ActiveRun> runs_that_ask() const;                  ///< those with steps that wait for a person
  std::optional<ActiveRun> active_run(ledger::RunId run) const;  ///< none when it has ended
  std::shared_ptr<const Catalog> catalog() const { return catalog_; }
  /// All that is under way or waits, a line each, for people: job, run or slot, and its state.
  std::string dump() const;

 private:
  using States = std::map<std::string, std::shared_ptr<JobState>, std::less<>>;

  // slots (engine_slots.cpp)
  async::Task<> serve_slots();
  ledger::SlotReason note_clock();
  bool fire_some(WallTime now, ledger::SlotReason why_late);
  void settle(JobState& state, WallTime now, ledger::SlotReason why_late);
  void settle_many(JobState& state, WallTime now, ledger::SlotReason why_late);
  std::optional<ledger::RunId> make_up(JobState& state, Slot slot);
  bool claim(JobState& state, WallTime now);
  Slot own_slot(JobState& state, WallTime at);
  void plan(JobState& state, WallTime after);
  void wake();
  WallTime next_wake() const;
  void end_pauses(WallTime now);
  bool wake_one_shots(WallTime now);
  JobState& wake_one_shot(ledger::OneShotAdded request);

  // admission (engine_admission.cpp)
  std::optional<ledger::RunId> offer(JobState& state, Slot slot, Launch launch);
  std::optional<ledger::SlotReason> find_objection(JobState& state, WallTime slot, WallTime now);
  ledger::RunId number(Pending& pending);
  std::expected<ledger::RunId, ledger::SlotReason> take_turn(Pending pending);
  std::expected<ledger::RunId, ledger::SlotReason> find_place(Pending pending);
  void enter(Pending pending);
  void park(Pending pending, WaitsFor what);
  void note_wait(Pending& pending) const;
  std::optional<Pending> call(ledger::RunId run);
  void refuse(Pending pending, ledger::SlotReason reason, const std::string& why);
  void oust(JobState& state);
  void next_turns(JobState& state);
  void next_places(Group& group);
  void release_missed();
  void clear_waiting(JobState& state, ledger::SlotReason reason, const std::string& why);
  Group* group_of(const Job& job);
  void tell(const Group& group, bool gone = false);

  // runs (engine_runs.cpp)
  async::Task<> look_first(std::shared_ptr<JobState> state, ledger::RunId run);
  void start(Pending pending);
  void supervise(JobState& state, std::shared_ptr<Run> run);
  async::Task<> carry_out(std::shared_ptr<JobState> state, std::shared_ptr<Run> run);
  void run_ended(JobState& state, const ledger::RunEnded& ended);
  void note_end(JobState& state, const ledger::RunEnded& ended);
  void remember_end(JobState& state, const ledger::RunEnded& ended);
  void leave(JobState& state, ledger::RunId run);
  void decide(const Round& round);
  void note_breaker(JobState& state, const std::string& why);
  async::Task<> forget_ended_runs();
  async::Task<> make_claims_durable();
  void forget_ended();

  // generations (engine_catalog.cpp)
  void apply_groups();
  void add_job(const std::shared_ptr<const Job>& job);
  void end_plan(JobState& state);
  void change_job(JobState& state, const std::shared_ptr<const Job>& job);
  std::optional<MovedSlot> renew(JobState& state, const std::shared_ptr<const Job>& job);
  std::optional<WallTime> declare(const Job& job);  // since when it is declared just so; none: it is news
  void withdraw(const std::string& job);
  void remove_job(JobState& state);
  void forget_if_done(const JobState& state);
  std::shared_ptr<JobState> new_state(std::shared_ptr<const Job> job);

  // recovery (engine_recovery.cpp)
  void take_over(const Leftover& left);
  void close_lost(const ledger::RunStarted& run, std::string message);
  void settle_past();
  void adopt(const ledger::LiveRun& left);
  void note_late_end(const ledger::LiveRun& left);
  void settle_claim(const ledger::SlotClaimed& claimed);
  void repeat_if_owed(const ledger::RunStarted& lost);
  bool has_followed(const std::string& job, ledger::RunId cause) const;
  void repeat(JobState& state, ledger::RunId lost, std::optional<WallTime> slot);
  void withdraw_undeclared();
  void restore_dependencies();

  // requests (engine_requests.cpp)
  std::expected<JobState*, Refusal> find(std::string_view job);
  JobStatus status_of(const JobState& state) const;
  JobStatus status_of(const ledger::OneShotAdded& request) const;
  std::string fresh_name();

  Recorder recorder_;
  OneShotFactory one_shot_factory_;
  std::shared_ptr<const Catalog> catalog_;
  // what the last daemon left, until the first generation is in force, or until the job is declared
  std::shared_ptr<const Past> past_;
  std::map<std::string, const ledger::JobTotals*, std::less<>> totals_;  // into past_
  std::map<std::string, std::vector<WallTime>, std::less<>> accounted_;  // on record, or to be, out of their order
  std::vector<ledger::RunEnded> lost_;
  std::map<std::string, ledger::PauseChanged, std::less<>> paused_before_;
  std::map<std::string, ledger::BreakerChanged, std::less<>> breakers_before_;
  std::map<std::string, ledger::JobDeclared, std::less<>> declared_;
  DueQueue due_;
  States jobs_;  // after due_: its slots leave the queue first
  Dependencies dependencies_;
  std::map<std::string, Group, std::less<>> groups_;
  std::map<ledger::RunId, Group*> places_;  // the group that a run is in, or waits for; it may have left its catalog
  Catchup catchup_{CatchupPolicy{}};
  std::map<std::pair<std::string, WallTime>, ledger::RunId> missed_;  // what waits for the catch-up budget
  std::multimap<WallTime, std::string> pause_ends_;
  OneShots one_shots_;  // not in jobs_ yet
  WaitingRoom waiting_room_;
  std::map<ledger::RunId, std::shared_ptr<Run>> live_;
  std::map<ledger::RunId, async::CancelScope*> looking_;  // preconditions that are being looked at

  async::TaskGroup* tasks_ = nullptr;      // set while serve() is under way
  async::CancelScope* waiting_ = nullptr;  // the wait for the next slot: cancelled when an earlier one appears
  async::Event idle_;                      // set while no run is under way
  async::Event run_ended_;    // or there is something else that the table of live runs is to learn when it is durable
  std::uint64_t claims_ = 0;  // of missed slots
  async::Event claims_written_;       // set from the claim of a missed slot until that is durable: then it may run
  WallTime claims_durable_at_{};      // when the last of them was
  std::vector<ledger::RunId> ended_;  // still in the table of live runs
  bool draining_ = false;
  Duration wall_minus_monotonic_{};  // as last seen: it changes when the wall clock is set
  Duration asleep_{};                // as last seen: it changes when the machine is suspended
};

}  // namespace belfry::engine
