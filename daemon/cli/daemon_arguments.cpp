// What `belfry` can ask of the daemon itself and of its files.

#include "daemon/cli/declared.hpp"

namespace belfry::daemon::cli {

namespace {

void add_file(CLI::App& sub, std::string& file) {
  file = "/etc/belfry/scheduler.yaml";
  sub.add_option("file", file, "the configuration")->capture_default_str()->type_name("FILE");
}

void add_state_dir(CLI::App& sub, DbOptions& options, const char* what) {
  options.state_dir = "/var/lib/belfry";
  sub.add_option("--state-dir", options.state_dir, what)->capture_default_str()->type_name("DIR");
}

}  // namespace

void declare_daemon(Declared& declared) {
  declared.command<None>("status", "Show how the daemon is doing; answers although its loop is stuck",
                         "  belfry status", no_options, [](Session& session, const None&) { return status(session); });
  declared.command<TasksOptions>(
      "tasks", "Show what the daemon is doing: how many tasks of each kind, how old, and which are leaked",
      "  belfry tasks\n  belfry tasks --tree\n  belfry tasks --json | jq '.tasks[] | select(.leaked)'",
      [](CLI::App& sub, TasksOptions& options) {
        sub.add_flag("--tree", options.tree, "each task below the one that spawned it, and where it stands");
      },
      [](Session& session, const TasksOptions& options) { return tasks(session, options.tree); });
  declared.command<None>("reload", "Let the daemon read its configuration again", "  belfry validate && belfry reload",
                         no_options, [](Session& session, const None&) { return reload(session); });
  declared.command<None>("upgrade",
                         "Let the daemon become the belfryd that is installed now; jobs, sockets and output stay",
                         "  sudo apt install --only-upgrade belfry && belfry upgrade", no_options,
                         [](Session& session, const None&) { return upgrade(session); });
  declared.command<std::string>("validate", "Check a configuration and tell all its mistakes (without a daemon)",
                                "  belfry validate scheduler.yaml", add_file,
                                [](Session& session, const std::string& file) { return validate(session, file); });
  declared.command<DiffOptions>(
      "diff", "Show which jobs and which fires of the next 7 days differ between two configurations (without a daemon)",
      "  belfry diff /etc/belfry/scheduler.yaml scheduler.yaml",
      [](CLI::App& sub, DiffOptions& options) {
        sub.add_option("old", options.before, "the configuration before")->required()->type_name("OLD");
        sub.add_option("new", options.after, "the configuration after")->required()->type_name("NEW");
      },
      [](Session& session, const DiffOptions& options) { return diff(session, options); });
  declared.command<SimulateCommand>(
      "simulate", "Run a configuration on virtual time and count overlaps, queues, full groups and missed deadlines",
      "  belfry simulate --from now --to 'in 30d'\n"
      "  belfry simulate --config new.yaml --from 2027-01-01 --to 2028-01-01 --duration 30s --duration backup=2h",
      [](CLI::App& sub, SimulateCommand& options) {
        sub.add_option("--from", options.from, "the first instant (default: now)")->type_name("TIME");
        sub.add_option("--to", options.to, "the end (default: a week later)")->type_name("TIME");
        sub.add_option("--config", options.config, "the configuration (default: the daemon's)")->type_name("FILE");
        sub.add_option("--state-dir", options.state_dir,
                       "take recorded durations from the ledger there (default: ask the daemon)")
            ->type_name("DIR");
        sub.add_option("--duration", options.durations,
                       "how long runs take: JOB=SPAN of one job, SPAN of all that have no record; may be repeated")
            ->type_name("[JOB=]SPAN")
            ->expected(1)
            ->allow_extra_args(false)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        sub.add_option("--seed", options.seed, "another choice among the recorded durations")
            ->capture_default_str()
            ->type_name("N");
      },
      [](Session& session, const SimulateCommand& options) { return simulate(session, options); });
  declared.command<std::string>("lint",
                                "Warn of what is right in a configuration and likely not meant (without a daemon)",
                                "  belfry lint scheduler.yaml", add_file,
                                [](Session& session, const std::string& file) { return lint(session, file); });
  declared.command<None>("version", "Show the version of belfry", "  belfry version", no_options,
                         [](Session& session, const None&) { return version(session); });
}

void declare_catchup(CLI::App& app, Arguments& arguments) {
  CLI::App* const catchup = app.add_subcommand("catchup", "Show, run or skip missed slots that wait to be made up for");
  catchup->require_subcommand(1);
  catchup->fallthrough();
  catchup->footer("`belfry catchup COMMAND --help` shows options and examples.\n");
  Declared declared(*catchup, arguments);
  declared.command<int>(
      "plan", "Show which missed slots wait for the catch-up budget, in the order in which they will run",
      "  belfry catchup plan\n  belfry catchup plan -n 1000",
      [](CLI::App& sub, int& count) {
        count = 50;
        sub.add_option("-n", count, "at most so many")
            ->check(CLI::Range(1, 10'000))
            ->capture_default_str()
            ->type_name("N");
      },
      [](Session& session, int count) { return catchup_plan(session, count); });
  const auto job = [](CLI::App& sub, std::string& name) {
    sub.add_option("job", name, "the job")->required()->type_name("JOB");
  };
  declared.command<std::string>("run", "Run the missed slots of a job now, without waiting for the budget",
                                "  belfry catchup run backup", job,
                                [](Session& session, const std::string& name) { return catchup_run(session, name); });
  declared.command<std::string>("skip", "Skip the missed slots of a job: they are recorded as skipped(cancelled)",
                                "  belfry catchup skip report", job,
                                [](Session& session, const std::string& name) { return catchup_skip(session, name); });
}

void declare_notify(CLI::App& app, Arguments& arguments) {
  CLI::App* const notify = app.add_subcommand("notify", "Try the channels by which people are told");
  notify->require_subcommand(1);
  notify->fallthrough();
  notify->footer("`belfry notify COMMAND --help` shows options and examples.\n");
  Declared declared(*notify, arguments);
  declared.command<std::string>(
      "test", "Send a test message by a channel, at once and once, and tell what came of it",
      "  belfry notify test ops",
      [](CLI::App& sub, std::string& channel) {
        sub.add_option("channel", channel, "the channel")->required()->type_name("CHANNEL");
      },
      [](Session& session, const std::string& channel) { return notify_test(session, channel); });
}

void declare_db(CLI::App& app, Arguments& arguments) {
  CLI::App* const db = app.add_subcommand("db", "Copy, put back, check or shrink the ledger");
  db->require_subcommand(1);
  db->fallthrough();
  db->footer("`belfry db COMMAND --help` shows options and examples.\n");
  Declared declared(*db, arguments);
  declared.command<DbOptions>(
      "backup", "Copy the ledger into a new file, while the daemon runs",
      "  belfry db backup /var/backups/belfry-$(date +%F).db\n  belfry db backup copy.db --state-dir /var/lib/belfry",
      [](CLI::App& sub, DbOptions& options) {
        sub.add_option("file", options.file, "the copy; must not exist yet")->required()->type_name("FILE");
        sub.add_option("--state-dir", options.state_dir, "copy the ledger of this folder, without a daemon")
            ->type_name("DIR");
      },
      [](Session& session, const DbOptions& options) { return db_backup(session, options); });
  declared.command<DbOptions>(
      "restore", "Put a backup in the place of the ledger; what was there is kept (with the daemon stopped)",
      "  systemctl stop belfryd && belfry db restore /var/backups/belfry-2026-01-01.db && systemctl start belfryd",
      [](CLI::App& sub, DbOptions& options) {
        sub.add_option("file", options.file, "the backup")->required()->type_name("FILE");
        add_state_dir(sub, options, "the folder of the ledger");
      },
      [](Session& session, const DbOptions& options) { return db_restore(session, options); });
  declared.command<DbOptions>(
      "check", "Look for damage in the ledger (without the daemon, which may run)", "  belfry db check",
      [](CLI::App& sub, DbOptions& options) { add_state_dir(sub, options, "the folder of the ledger"); },
      [](Session& session, const DbOptions& options) { return db_check(session, options); });
  declared.command<DbOptions>(
      "vacuum", "Give back the space that deleted history left (with the daemon stopped)", "  belfry db vacuum",
      [](CLI::App& sub, DbOptions& options) { add_state_dir(sub, options, "the folder of the ledger"); },
      [](Session& session, const DbOptions& options) { return db_vacuum(session, options); });
}

}  // namespace belfry::daemon::cli
