#include "daemon/cli/arguments.hpp"

#include <algorithm>
#include <span>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/cli/declared.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon::cli {

namespace {

using Words = std::vector<std::string>;

/// The first word that is neither an option nor the value of one; "" for none.
std::string verb_of(std::span<const std::string> words) {
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i] == "--socket") {
      ++i;
    } else if (!words[i].starts_with('-')) {
      return words[i];
    }
  }
  return {};
}

/// Takes what follows the first "--" out of `words`: the command of a one-shot, which is none of CLI11's business.
Words split_off_command(Words& words) {
  const auto mark = std::ranges::find(words, "--");
  if (mark == words.end()) return {};
  Words command(mark + 1, words.end());
  words.erase(mark, words.end());
  return command;
}

/// Of an argument that may be left out: an empty one, as of a variable that is not set in a script, means none of them
/// and not all.
std::string no_empty_name(const std::string& given) {
  if (given.empty()) static_cast<void>(job_path(given));  // throws: there is no such job
  return {};
}

void declare_jobs(Declared& declared) {
  declared.command<ListOptions>(
      "list", "Show all jobs: state, next slot, last outcome",
      "  belfry list\n  belfry list --json | jq '.jobs[].name'",
      [](CLI::App& sub, ListOptions& options) {
        sub.add_option("--one-shots", options.one_shots, "so many of the one-shots that wait, the next ones (100)")
            ->check(CLI::Range(0, 10'000));
      },
      [](Session& session, const ListOptions& options) { return list(session, options.one_shots); });
  declared.command<RunOptions>(
      "run", "Start a job now, beside its schedule",
      "  belfry run backup\n  belfry run backup --wait && echo done\n  belfry run backup --propagate-exit; echo $?",
      [](CLI::App& sub, RunOptions& options) {
        sub.add_option("job", options.job, "the job")->required()->type_name("JOB");
        sub.add_flag("--wait", options.wait, "return when it has ended; the exit code is 0 only for success");
        sub.add_flag("--propagate-exit", options.propagate_exit, "wait, and exit with the job's own exit code");
      },
      [](Session& session, const RunOptions& options) { return run(session, options); });
  declared.command<std::string>(
      "cancel", "End a run, or all runs of a job", "  belfry cancel 1042\n  belfry cancel backup",
      [](CLI::App& sub, std::string& subject) {
        sub.add_option("run_or_job", subject, "the number of a run, or a job")->required()->type_name("RUN|JOB");
      },
      [](Session& session, const std::string& subject) { return cancel(session, subject); });
  declared.command<PauseOptions>(
      "pause", "Skip the slots of a job, for some time or until it is resumed; survives a restart",
      "  belfry pause backup --reason 'disk is being replaced'\n  belfry pause backup --for 2h\n"
      "  belfry pause backup --until 'tomorrow 08:00'",
      [](CLI::App& sub, PauseOptions& options) {
        sub.add_option("job", options.job, "the job")->required()->type_name("JOB");
        sub.add_option("--reason", options.reason, "why, for those who come across it")->type_name("TEXT");
        CLI::Option* const span = sub.add_option("--for", options.span, "how long")->type_name("DURATION");
        sub.add_option("--until", options.until, "when it runs by its schedule again")
            ->type_name("TIME")
            ->excludes(span);
      },
      [](Session& session, const PauseOptions& options) { return pause(session, options); });
  declared.command<std::string>(
      "resume", "Let a paused job run by its schedule again", "  belfry resume backup",
      [](CLI::App& sub, std::string& job) { sub.add_option("job", job, "the job")->required()->type_name("JOB"); },
      [](Session& session, const std::string& job) { return resume(session, job); });
}

void declare_approvals(Declared& declared) {
  const auto options_of = [](CLI::App& sub, ApprovalOptions& options) {
    sub.add_option("run_or_job", options.run_or_job, "the number of a run, or a job")->required()->type_name("RUN|JOB");
    sub.add_option("step", options.step, "which of its steps, if several wait")->type_name("STEP");
    sub.add_option("--comment", options.comment, "one line for the record")->type_name("TEXT");
  };
  declared.command<ApprovalOptions>(
      "approve", "Say yes to a step of a flow that waits for an approval",
      "  belfry approve deploy\n  belfry approve 1042 gate --comment 'tested on staging'", options_of,
      [](Session& session, const ApprovalOptions& options) { return approve(session, options); });
  declared.command<ApprovalOptions>(
      "reject", "Say no to a step of a flow that waits for an approval",
      "  belfry reject deploy --comment 'not on a Friday'\n  belfry reject 1042 gate", options_of,
      [](Session& session, const ApprovalOptions& options) { return reject(session, options); });
}

void declare_runs(Declared& declared) {
  declared.command<HistoryOptions>(
      "history", "Show runs, the newest first; or one run with its attempts and steps",
      "  belfry history\n  belfry history backup -n 5\n  belfry history --failed --since 24h\n  belfry history 1042",
      [](CLI::App& sub, HistoryOptions& options) {
        sub.add_option("job", options.job, "only of this job; or the number of a run")
            ->check(no_empty_name)
            ->type_name("JOB|RUN");
        sub.add_flag("--failed", options.failed, "only those that failed");
        sub.add_option("--since", options.since, "only those started since then: a time, or how long ago")
            ->type_name("TIME");
        sub.add_option("-n", options.count, "at most so many")
            ->check(CLI::Range(1, 10'000))
            ->capture_default_str()
            ->type_name("N");
      },
      [](Session& session, const HistoryOptions& options) { return history(session, options); });
  declared.command<std::string>(
      "logs", "Print what a run printed; of a job, its newest run",
      "  belfry logs 1042\n  belfry logs backup 2>/dev/null",
      [](CLI::App& sub, std::string& subject) {
        sub.add_option("run_or_job", subject, "the number of a run, or a job")->required()->type_name("RUN|JOB");
      },
      [](Session& session, const std::string& subject) { return logs(session, subject); });
}

void declare_why(Declared& declared) {
  declared.command<WhyOptions>(
      "why",
      "Say why a job ran at a time, or why it did not: schedule, clock, pauses, overlap and all that was in force",
      "  belfry why backup\n  belfry why backup --at 02:30\n  belfry why backup --at '2026-03-29 02:30'",
      [](CLI::App& sub, WhyOptions& options) {
        sub.add_option("job", options.job, "the job")->required()->type_name("JOB");
        sub.add_option("--at", options.at,
                       "the time, by the clock of the job's zone, or how long ago (default: its most recent slot)")
            ->type_name("TIME");
      },
      [](Session& session, const WhyOptions& options) { return why(session, options); });
}

void declare_slow(Declared& declared) {
  declared.command<SlowOptions>(
      "slow", "Say where the time went of a job's runs that started late, and what held the loop meanwhile",
      "  belfry slow backup\n  belfry slow backup --over 1s -n 20\n  belfry slow backup --run 1042",
      [](CLI::App& sub, SlowOptions& options) {
        sub.add_option("job", options.job, "the job")->required()->type_name("JOB");
        sub.add_option("--run", options.run, "this run, however late it was")->type_name("RUN");
        sub.add_option("--over", options.over, "runs that were later than this (default: 100ms)")->type_name("SPAN");
        sub.add_option("-n,--count", options.count, "how many, the newest ones (default: 5)")
            ->check(CLI::Range(1, 100))
            ->type_name("N");
      },
      [](Session& session, const SlowOptions& options) { return slow(session, options); });
}

void add_one_shot_options(CLI::App& sub, OneShotOptions& options, const char* when, const char* type) {
  sub.add_option("when", options.when, when)->required()->type_name(type);
  sub.add_option("command", options.command, "the program and its arguments, after --")->type_name("COMMAND");
  sub.add_option("--name", options.name, "a name for it instead of one-shot-N")->type_name("NAME");
  sub.add_option("--working-dir", options.working_dir, "where to run it (default: here)")->type_name("DIR");
  sub.add_option("--env", options.environment, "a variable for it; may be repeated")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

/// `tail`: what came after "--".
OneShotOptions with_command(OneShotOptions options, const Words& tail) {
  options.command.insert(options.command.end(), tail.begin(), tail.end());
  return options;
}

void add_schedule_options(CLI::App& sub, NextOptions& options) {
  sub.add_option("-n", options.count, "so many slots")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str()
      ->type_name("N");
  sub.add_option("--tz", options.timezone, "the time zone to show and, of an expression, to use")->type_name("ZONE");
  sub.add_option("--dialect", options.dialect, "of an expression: ocps, vixie, cronie, quartz, ...")->type_name("NAME");
  sub.add_option("--job", options.hash_key, "of an expression: the job whose name decides about H")->type_name("JOB");
  sub.add_option("--config", options.config, "take the job from this file, without a daemon")->type_name("FILE");
  sub.add_flag("--around-dst", options.around_changes, "show the slots beside the next two changes of the clock");
}

void declare_schedules(Declared& declared) {
  declared.command<NextOptions>(
      "next", "Show coming slots: of all jobs, of one, or of a schedule expression (without a daemon)",
      "  belfry next\n  belfry next backup -n 10\n  belfry next '*/15 9-17 * * mon-fri' --tz Europe/Berlin\n"
      "  belfry next '30 2 * * *' --tz Europe/Berlin --around-dst",
      [](CLI::App& sub, NextOptions& options) {
        sub.add_option("subject", options.subject, "a job, or a quoted schedule expression")
            ->check(no_empty_name)
            ->type_name("JOB|EXPR");
        add_schedule_options(sub, options);
      },
      [](Session& session, const NextOptions& options) { return next(session, options); });
  declared.command<NextOptions>(
      "explain",
      "Say in plain English when a job or a schedule expression is due, and what to beware of; or what an action takes",
      "  belfry explain '30 2 13 * fri'\n  belfry explain 'Mon..Fri *-*-* 02:30' --tz Europe/Berlin\n"
      "  belfry explain backup\n  belfry explain --action file\n"
      "  belfry explain --action native --config /etc/belfry/scheduler.yaml    (functions of its plugins, too)",
      [](CLI::App& sub, NextOptions& options) {
        CLI::Option_group* const what = sub.add_option_group("what");
        what->add_option("subject", options.subject, "a job, or a quoted schedule expression")->type_name("JOB|EXPR");
        what->add_option("--action", options.action, "a kind of action, such as file: the keys that it takes")
            ->type_name("KIND");
        what->require_option(1);
        add_schedule_options(sub, options);
      },
      [](Session& session, const NextOptions& options) {
        return options.action.empty() ? explain(session, options) : explain_action(session, options);
      });
}

void declare_times(Declared& declared, const Words& tail) {
  declared.command<OneShotOptions>(
      "in", "Run a command once, after a delay; survives a restart",
      "  belfry in 10m -- make backup\n  belfry in '1h 30min' --name tidy -- rm -r /tmp/build",
      [](CLI::App& sub, OneShotOptions& options) { add_one_shot_options(sub, options, "the delay", "DURATION"); },
      [tail](Session& session, const OneShotOptions& options) { return in(session, with_command(options, tail)); });
  declared.command<OneShotOptions>(
      "at", "Run a command once, at a time; survives a restart",
      "  belfry at 23:59 -- make backup\n  belfry at '2026-12-31 23:59' -- echo 'happy new year'",
      [](CLI::App& sub, OneShotOptions& options) { add_one_shot_options(sub, options, "the time", "TIME"); },
      [tail](Session& session, const OneShotOptions& options) { return at(session, with_command(options, tail)); });
}

void declare(CLI::App& app, Arguments& arguments, const Words& tail) {
  app.set_version_flag("--version", std::string("belfry ") + BELFRY_VERSION);
  app.add_option("--socket", arguments.socket,
                 "the daemon's socket (default: $BELFRY_SOCKET, then /run/belfry/belfry.sock)")
      ->type_name("PATH");
  app.get_formatter()->column_width(26);
  app.add_flag("--json", arguments.json, "print JSON");
  app.require_subcommand(1);
  app.footer(
      "`belfry COMMAND --help` shows options and examples.\n"
      "Exit: 0 done, 1 failure, 2 usage, 3 not found, 4 daemon unreachable, 5 bad configuration, 6 refused.\n");
  Declared declared(app, arguments);
  declare_jobs(declared);
  declare_approvals(declared);
  declare_runs(declared);
  declare_why(declared);
  declare_slow(declared);
  declare_schedules(declared);
  declare_times(declared, tail);
  declare_daemon(declared);
  declare_catchup(app, arguments);
  declare_notify(app, arguments);
  declare_db(app, arguments);
}

void check_verb(const CLI::App& app, const std::string& verb) {
  Words verbs;
  for (const CLI::App* const sub : app.get_subcommands({})) verbs.push_back(sub->get_name());
  if (verb.empty() || std::ranges::find(verbs, verb) != verbs.end()) return;
  const std::string hint = time::did_you_mean(verb, verbs);
  throw CommandError(kUsage, "there is no command \"" + verb + "\"; " + (hint.empty() ? "" : hint + " ") +
                                 "`belfry --help` shows all");
}

}  // namespace

bool wants_json(int argc, const char* const* argv) {
  const std::span words(argv, static_cast<std::size_t>(argc));
  const auto end = std::ranges::find(words, std::string_view("--"));
  return std::find(words.begin(), end, std::string_view("--json")) != end;
}

std::expected<Arguments, int> parse_arguments(int argc, const char* const* argv) {
  Words words(argv + std::min(argc, 1), argv + argc);
  const std::string verb = verb_of(words);
  const Words tail = verb == "in" || verb == "at" ? split_off_command(words) : Words();
  Arguments arguments;
  CLI::App app{"belfry talks to belfryd, the job scheduler.", "belfry"};
  declare(app, arguments, tail);
  try {
    check_verb(app, verb);
    std::ranges::reverse(words);  // as CLI11 wants them
    app.parse(std::move(words));
  } catch (const CLI::Success& asked) {
    std::ostringstream text;
    app.exit(asked, text);
    print(text.str());
    return std::unexpected(kOk);
  } catch (const CLI::ParseError& error) {
    throw CommandError(kUsage, error.what() + ("; `belfry " + (verb.empty() ? "" : verb + " ")) + "--help` tells more");
  }
  return arguments;
}

}  // namespace belfry::daemon::cli
