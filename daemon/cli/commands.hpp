// The commands of `belfry`. Each prints for a person, or with `json` the daemon's document, and returns the exit code;
// each throws CommandError when it cannot. Single thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/cli/client.hpp"
#include "daemon/cli/terminal.hpp"
#include "time/zone.hpp"

namespace belfry::daemon::cli {

/// What every command is given.
struct Session {
  Client client;
  bool json = false;
  Style style;
  time::Zone zone;  ///< of this machine
  time::WallTime now;
};

struct ListOptions {
  int one_shots = 100;  ///< of those that wait, at most so many
};

struct RunOptions {
  std::string job;
  bool wait = false;
  bool propagate_exit = false;  ///< implies wait
};

struct NextOptions {
  std::string subject;  ///< a job, a schedule expression, or empty: the next slot of every job
  int count = 5;
  std::string timezone;         ///< of an expression; empty: of this machine
  std::string dialect;          ///< of an expression; empty: ocps
  std::string hash_key;         ///< of an expression: the job by whose name H is chosen
  std::string config;           ///< a file whose job `subject` is, or whose plugins count; empty: the daemon's, or none
  bool around_changes = false;  ///< the slots beside the next changes of the clock
  std::string action;           ///< a kind of action, instead of a subject
};

struct HistoryOptions {
  std::string job;  ///< empty: of all; or the number of a run, which is shown by itself
  bool failed = false;
  std::string since;
  int count = 20;
};

struct ApprovalOptions {
  std::string run_or_job;
  std::string step;  ///< empty: the only one that waits
  std::string comment;
};

struct WhyOptions {
  std::string job;
  std::string at;  ///< empty: the most recent slot
};

struct SlowOptions {
  std::string job;
  std::optional<std::int64_t> run;  ///< none: the latest late ones
  std::string over;                 ///< empty: 100ms
  int count = 5;
};

struct SimulateCommand {
  std::string from;                      ///< empty: now
  std::string to;                        ///< empty: a week after `from`
  std::string config;                    ///< empty: the daemon's
  std::string state_dir;                 ///< whose ledger has the durations; empty: the daemon's
  std::vector<std::string> durations{};  ///< assumptions: SPAN of all jobs without a record, JOB=SPAN of one
  std::uint64_t seed = 1;
};

struct PauseOptions {
  std::string job;
  std::string reason;
  std::string span;   ///< --for; empty: no end by a span
  std::string until;  ///< --until; empty: no end by a time
};

struct TasksOptions {
  bool tree = false;
};

struct DiffOptions {
  std::string before;
  std::string after;
};

struct DbOptions {
  std::string file;       ///< the backup; of `db backup` and `db restore`
  std::string state_dir;  ///< of `db backup`: empty asks the daemon
};

struct OneShotOptions {
  std::string when;  ///< of `in`: a span; of `at`: a time
  std::vector<std::string> command;
  std::string name;
  std::string working_dir;               ///< empty: the current one
  std::vector<std::string> environment;  ///< NAME=VALUE
};

int list(Session& session, int one_shots);                         // job_commands.cpp
int run(Session& session, const RunOptions& options);              // job_commands.cpp
int cancel(Session& session, const std::string& run_or_job);       // job_commands.cpp
int approve(Session& session, const ApprovalOptions& options);     // approval_commands.cpp
int reject(Session& session, const ApprovalOptions& options);      // approval_commands.cpp
int pause(Session& session, const PauseOptions& options);          // job_commands.cpp
int resume(Session& session, const std::string& job);              // job_commands.cpp
int history(Session& session, const HistoryOptions& options);      // run_commands.cpp
int show_run(Session& session, std::int64_t run);                  // show_run.cpp
int logs(Session& session, const std::string& run_or_job);         // run_commands.cpp
int why(Session& session, const WhyOptions& options);              // why_command.cpp
int slow(Session& session, const SlowOptions& options);            // slow_command.cpp
int next(Session& session, const NextOptions& options);            // schedule_commands.cpp
int explain(Session& session, const NextOptions& options);         // schedule_commands.cpp
int explain_action(Session& session, const NextOptions& options);  // explain_action.cpp
int lint(Session& session, const std::string& file);               // lint_command.cpp
int in(Session& session, const OneShotOptions& options);           // time_commands.cpp
int at(Session& session, const OneShotOptions& options);           // time_commands.cpp
int status(Session& session);                                      // daemon_commands.cpp
int tasks(Session& session, bool tree);                            // tasks_command.cpp
int reload(Session& session);                                      // daemon_commands.cpp
int upgrade(Session& session);                                     // daemon_commands.cpp
int validate(Session& session, const std::string& file);           // daemon_commands.cpp
int diff(Session& session, const DiffOptions& options);            // diff_command.cpp
int db_backup(Session& session, const DbOptions& options);         // db_commands.cpp
int db_restore(Session& session, const DbOptions& options);        // db_commands.cpp
int db_check(Session& session, const DbOptions& options);          // db_commands.cpp
int db_vacuum(Session& session, const DbOptions& options);         // db_commands.cpp
int simulate(Session& session, const SimulateCommand& options);    // simulate_command.cpp
int catchup_plan(Session& session, int count);                     // catchup_commands.cpp
int catchup_run(Session& session, const std::string& job);         // catchup_commands.cpp
int catchup_skip(Session& session, const std::string& job);        // catchup_commands.cpp
int notify_test(Session& session, const std::string& channel);     // notify_command.cpp
int version(Session& session);                                     // daemon_commands.cpp

// What several of them need (show.cpp).

/// Writes to stdout. Throws CommandError when that fails, as on a full disk.
void print(const std::string& text);
void print_json(const nlohmann::json& document);

/// Tells an error on stderr, and on stdout when JSON is wanted. Returns the exit code: `code`, or kFailure when the
/// document cannot be written.
int report(ExitCode code, const std::string& message, bool json);

/// The text of a key, "" when it is null or missing.
std::string text_of(const nlohmann::json& document, const char* key);

/// The number of a key, "-" when it is null. REQUIRES: there is the key.
std::string number_of(const nlohmann::json& document, const char* key);

/// The instant of a key, if it is not null.
std::optional<time::WallTime> instant_of(const nlohmann::json& document, const char* key);

/// "2026-11-20 19:08:59 +01:00", rounded down to a second, in the zone of the session; "-" for none.
std::string shown(const Session& session, const std::optional<time::WallTime>& at);

/// Green for success, red for a failure.
Table::Cell outcome_cell(const std::string& outcome);

/// The newest run of a job. Throws CommandError when there is none.
std::int64_t newest_run(Session& session, const std::string& job);

/// The id, if `text` is one: a whole number.
std::optional<std::int64_t> run_id_of(const std::string& text);

}  // namespace belfry::daemon::cli
