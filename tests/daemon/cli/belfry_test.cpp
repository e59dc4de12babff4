// The real program against a daemon in the test's own process.

#include <array>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "daemon/cli/said.hpp"
#include "daemon/control/live_daemon.hpp"

namespace belfry::daemon::cli {
namespace {

using ledger::Outcome;
using nlohmann::json;
using test::belfry;
using test::Instant;
using test::LiveDaemon;
using test::make_job;
using test::Said;

TEST_CASE("list, run, history and logs tell of a job") {
  LiveDaemon daemon({make_job("good", std::make_shared<Instant>(Outcome::success)),
                     make_job("bad", std::make_shared<Instant>(Outcome::failure, 3))});
  const Said list = belfry(daemon.socket(), "list");
  CHECK(list.code == 0);
  CHECK_THAT(list.out, Catch::Contains("good") && Catch::Contains("every 1000h") && Catch::Contains("in "));
  CHECK(list.out.find('\x1b') == std::string::npos);  // no colour but on a terminal

  CHECK(belfry(daemon.socket(), "run good --wait").code == 0);
  CHECK(belfry(daemon.socket(), "run bad").code == 0);
  const Said failed = belfry(daemon.socket(), "run bad --wait");
  CHECK(failed.code == 1);
  CHECK_THAT(failed.out, Catch::Contains("failure") && Catch::Contains("exit code 3"));
  CHECK(belfry(daemon.socket(), "run bad --propagate-exit").code == 3);

  const Said history = belfry(daemon.socket(), "history bad --failed -n 1 --json");
  REQUIRE(history.code == 0);
  const json runs = json::parse(history.out).at("runs");
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].at("exit_code") == 3);
  CHECK_THAT(belfry(daemon.socket(), "history").out, Catch::Contains("good") && Catch::Contains("success"));
  CHECK_THAT(belfry(daemon.socket(), "history --since 1h").out, Catch::Contains("good"));

  const std::string newest = std::to_string(runs[0].at("run").get<int>());
  const Said one = belfry(daemon.socket(), "history " + newest);
  CHECK(one.code == 0);
  CHECK_THAT(one.out, Catch::StartsWith("run       " + newest + " of bad, by manual\nstarted   ") &&
                          Catch::Contains("\noutcome   failure: exit code 3\nused      ") &&
                          Catch::EndsWith(" written\n"));
  CHECK(json::parse(belfry(daemon.socket(), "history " + newest + " --json").out).at("attempt_list").size() == 1);
  CHECK(belfry(daemon.socket(), "history 999").code == 3);
  CHECK(belfry(daemon.socket(), "history " + newest + " --failed").code == 2);

  const Said logs = belfry(daemon.socket(), "logs bad");
  CHECK(logs.code == 0);
  CHECK(logs.out == "out\n");
  CHECK_THAT(logs.err, Catch::Contains("92 B were not kept") && Catch::EndsWith("last\n"));
}

TEST_CASE("each way to fail has its exit code, and says what to do next") {
  const test::TempDir folder;
  const Said unreachable = belfry(folder / "none.sock", "status");
  CHECK(unreachable.code == 4);
  CHECK_THAT(unreachable.err,
             Catch::Contains("none.sock") && Catch::Contains("is belfryd running?", Catch::CaseSensitive::No));

  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success))});
  CHECK(belfry(daemon.socket(), "").code == 2);
  CHECK(belfry(daemon.socket(), "frobnicate").code == 2);
  CHECK(belfry(daemon.socket(), "in soon -- true").code == 2);
  CHECK(belfry(daemon.socket(), "in 10m").code == 2);
  CHECK(belfry(daemon.socket(), "at '2001-01-01 00:00' -- true").code == 2);
  const Said unknown = belfry(daemon.socket(), "run bakcup");
  CHECK(unknown.code == 3);
  CHECK_THAT(unknown.err, Catch::Contains("did you mean \"backup\"?"));
  CHECK(belfry(daemon.socket(), "logs backup").code == 3);
  CHECK(belfry(daemon.socket(), "logs 99").code == 3);
  daemon.next_reload = {
      .applied = false, .errors = "x.yaml:3:1: no", .generation = 1, .added = {}, .changed = {}, .removed = {}};
  const Said reload = belfry(daemon.socket(), "reload");
  CHECK(reload.code == 5);
  CHECK_THAT(reload.err, Catch::Contains("x.yaml:3:1"));
}

TEST_CASE("an empty name is that of no job, and does not mean all of them") {
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success))});
  CHECK(belfry(daemon.socket(), "run backup --wait").code == 0);
  for (const char* verb : {"history", "logs", "run", "cancel", "pause", "resume", "next", "next --json", "why",
                           "why --at 2h", "explain", "slow", "approve", "reject", "catchup run", "catchup skip"}) {
    INFO(verb);
    const Said said = belfry(daemon.socket(), std::string(verb) + " ''");
    CHECK(said.code == 3);
    CHECK_THAT(said.err, Catch::Contains("there is no job \"\"; `belfry list` shows all"));
  }
}

TEST_CASE("a run that is refused exits with 6") {
  const auto gate = std::make_shared<test::Gate>();
  LiveDaemon daemon({make_job("slow", gate)});
  CHECK(belfry(daemon.socket(), "run slow").code == 0);
  gate->wait_until_begun();
  CHECK(belfry(daemon.socket(), "run slow").code == 6);
  CHECK_THAT(belfry(daemon.socket(), "list").out, Catch::Contains("running"));
  CHECK_THAT(belfry(daemon.socket(), "cancel slow").out, Catch::Contains("1 run of slow is being cancelled"));
}

TEST_CASE("a job that does not keep its sla is marked in the list and named by status") {
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success))});
  CHECK_THAT(belfry(daemon.socket(), "status").out, !Catch::Contains("sla"));
  CHECK_THAT(belfry(daemon.socket(), "list").out, !Catch::Contains("late"));
  engine::SlaFinding finding{.job = "backup", .check = engine::SlaCheck::late_after, .since = {}};
  finding.limit = std::chrono::minutes{5};
  finding.value = std::chrono::minutes{7};
  daemon.breaches = {{finding}};
  CHECK_THAT(belfry(daemon.socket(), "list").out, Catch::Contains("idle, late"));
  CHECK_THAT(
      belfry(daemon.socket(), "status").out,
      Catch::Contains("sla       1 check not met\n          backup: a slot waits since 7m, and 5m are agreed\n"));
}

TEST_CASE("slow tells of late starts with their phases and what held the loop, of none, and of what is not there") {
  ledger::RunStarted start;
  start.run = 7;
  start.job = "backup";
  start.scheduled_at = std::chrono::system_clock::now() - std::chrono::hours{1};
  start.started_at = *start.scheduled_at + std::chrono::seconds{4};
  start.waits.queue = std::chrono::seconds{1};
  ledger::RunStarted by_hand = start;
  by_hand.run = 8;
  by_hand.scheduled_at.reset();
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success)),
                     make_job("idle", std::make_shared<Instant>(Outcome::success))},
                    std::chrono::seconds{30}, {}, {start, by_hand});
  daemon.slow_steps = {{.began = *start.scheduled_at,
                        .ended = *start.scheduled_at + std::chrono::seconds{2},
                        .task = "run hog",
                        .kind = "run",
                        .place = "jobs/x.cpp:12"}};
  const Said late = belfry(daemon.socket(), "slow backup");
  CHECK(late.code == 0);
  CHECK_THAT(late.out, Catch::Contains("Run 7, due at 20") && Catch::Contains(", was 4s late, 3s of it in admission") &&
                           Catch::Contains("by the task \"run hog\", from jobs/x.cpp:12") &&
                           Catch::Contains("  queue         1.0 s\n") &&
                           Catch::Contains("  held for      2.0 s by run hog (run), from jobs/x.cpp:12\n"));
  CHECK(json::parse(belfry(daemon.socket(), "slow backup --json").out).at("starts").at(0).at("late_seconds") == 4.0);
  CHECK_THAT(belfry(daemon.socket(), "slow backup --over 5s").out, Catch::StartsWith("None of the last 1 runs"));
  CHECK_THAT(belfry(daemon.socket(), "slow backup --run 8").out, Catch::Contains("started by hand"));
  CHECK_THAT(belfry(daemon.socket(), "slow idle").out, Catch::Contains("It has not run yet"));
  CHECK(belfry(daemon.socket(), "slow backup --run 99").code == 3);
  CHECK(belfry(daemon.socket(), "slow bakup").code == 3);
  CHECK(belfry(daemon.socket(), "slow backup --over soon").code != 0);
}

TEST_CASE("pause, resume, next, one-shots, status and reload") {
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success))});
  CHECK(belfry(daemon.socket(), "pause backup --reason 'new disk'").code == 0);
  CHECK_THAT(belfry(daemon.socket(), "list").out, Catch::Contains("paused"));
  CHECK_THAT(belfry(daemon.socket(), "pause backup --for 2h").out,
             Catch::Matches("backup is paused: .* until 20.* or .*\n"));
  CHECK_THAT(belfry(daemon.socket(), "list").out, Catch::Contains("paused until 20"));
  CHECK(belfry(daemon.socket(), "pause backup --until 2100-01-01").code == 0);
  CHECK(belfry(daemon.socket(), "pause backup --until 2001-01-01").code == 2);
  CHECK(belfry(daemon.socket(), "pause backup --for 2parsecs").code == 2);
  CHECK(belfry(daemon.socket(), "pause backup --for 2h --until 2100-01-01").code == 2);
  CHECK(belfry(daemon.socket(), "resume backup").code == 0);

  CHECK(json::parse(belfry(daemon.socket(), "next backup -n 3 --json").out).at("slots").size() == 3);
  CHECK_THAT(belfry(daemon.socket(), "next").out, Catch::Contains("backup"));

  const Said in = belfry(daemon.socket(), "in 10m --name tidy --env A=b -- echo 'two words' --flag");
  CHECK(in.code == 0);
  CHECK_THAT(in.out, Catch::Contains("tidy will run at"));
  CHECK(belfry(daemon.socket(), "at '2190-01-01 00:00' -- true").code == 0);
  CHECK(json::parse(belfry(daemon.socket(), "list --json").out).at("jobs").size() == 3);

  const Said status = belfry(daemon.socket(), "status");
  CHECK(status.code == 0);
  CHECK_THAT(status.out, Catch::Contains("/etc/test.yaml") && Catch::Contains("generation 1"));
  CHECK(json::parse(belfry(daemon.socket(), "--json status").out).at("version") == "1.2.3");
  CHECK_THAT(belfry(daemon.socket(), "reload").out, Catch::Contains("Generation 2"));
  daemon.next_reload = {.applied = true,
                        .errors = "",
                        .generation = 3,
                        .added = {},
                        .changed = {},
                        .removed = {},
                        .needs_restart = {"socket"}};
  CHECK_THAT(belfry(daemon.socket(), "reload").out, Catch::Contains("only after a restart of belfryd: socket"));
}

json argv_of(LiveDaemon& daemon, const std::string& arguments) {
  const std::size_t before = daemon.one_shots.get().size();
  const Said said = belfry(daemon.socket(), arguments);
  CAPTURE(arguments, said.err);
  REQUIRE(said.code == 0);
  REQUIRE(daemon.one_shots.get().size() == before + 1);
  return daemon.one_shots.get().back().argv;
}

TEST_CASE("tasks tells what the loop is doing") {
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success))});
  CHECK_THAT(belfry(daemon.socket(), "tasks").out, Catch::Contains("KIND") && Catch::Contains("daemon"));
  CHECK_THAT(belfry(daemon.socket(), "tasks --tree").out, Catch::Contains("claims [daemon] waiting"));
  const json document = json::parse(belfry(daemon.socket(), "tasks --json").out);
  CHECK(document.at("deadlocks").empty());
  CHECK(std::ranges::any_of(document.at("tasks"), [](const json& task) { return task.at("name") == "claims"; }));
}

TEST_CASE("what follows -- is the command, whatever it looks like") {
  LiveDaemon daemon({});
  using Words = std::vector<std::string>;
  CHECK(argv_of(daemon, "in 10m --env A=B -- sh -c true") == Words{"sh", "-c", "true"});
  CHECK(argv_of(daemon, "in 10m --env A=B --env C=D -- ls --help") == Words{"ls", "--help"});
  CHECK(daemon.one_shots.get().back().environment.size() == 2);
  CHECK(argv_of(daemon, "in 10m -- grep --json x --env -- y") == Words{"grep", "--json", "x", "--env", "--", "y"});
  CHECK(argv_of(daemon, "--socket " + daemon.socket().string() + " in 10m --env A=B make backup") ==
        Words{"make", "backup"});
  CHECK(belfry(daemon.socket(), "in 10m --env A=B --").code == 2);
}

TEST_CASE("cancel withdraws a one-shot that waits, and finds no run of an idle job") {
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success))});
  REQUIRE(belfry(daemon.socket(), "in 10m --name tidy -- true").code == 0);
  CHECK_THAT(belfry(daemon.socket(), "cancel tidy").out, Catch::Contains("tidy is withdrawn"));
  CHECK(belfry(daemon.socket(), "cancel tidy").code == 3);
  const Said idle = belfry(daemon.socket(), "cancel backup");
  CHECK(idle.code == 3);
  CHECK_THAT(idle.err, Catch::Contains("no run of \"backup\" is under way"));
  for (const char* name : {"''", "../x", "..", "a/b", "%2F"}) {
    CAPTURE(name);
    const Said none = belfry(daemon.socket(), std::string("run ") + name);
    CHECK(none.code == 3);
    CHECK_THAT(none.err, Catch::Contains("there is no job"));
  }
}

TEST_CASE("a run that waits its turn is said to be queued") {
  const auto gate = std::make_shared<test::Gate>();
  auto job = make_job("slow", gate);
  job->overlap = engine::Overlap::queue;
  job->queue_limit = 1;
  LiveDaemon daemon({job});
  CHECK_THAT(belfry(daemon.socket(), "run slow").out, Catch::Contains("was started"));
  gate->wait_until_begun();
  CHECK_THAT(belfry(daemon.socket(), "run slow").out, Catch::Contains("is queued"));
}

TEST_CASE("logs of a run without output tell how it ended") {
  class Silent final : public engine::Action {
   public:
    async::Task<Outcome> run(const engine::Attempt& /*attempt*/, engine::Report& report) const override {
      report.message = "no such file";
      co_return Outcome::start_error;
    }
    std::string_view kind() const noexcept override { return "silent"; }
    std::string describe() const override { return "does not start"; }
  };
  LiveDaemon daemon({make_job("broken", std::make_shared<Silent>())});
  REQUIRE(belfry(daemon.socket(), "run broken --wait").code == 1);
  const Said logs = belfry(daemon.socket(), "logs broken");
  CHECK(logs.out.empty());
  CHECK_THAT(logs.err, Catch::Contains("start_error") && Catch::Contains("no such file"));
}

TEST_CASE("an error is told as JSON, too; what cannot be written is one") {
  const test::TempDir folder;
  const auto none = folder / "none.sock";
  const Said usage = belfry(none, "run --json");
  CHECK(usage.code == 2);
  CHECK(json::parse(usage.out).at("error").at("code") == 2);
  const Said verb = belfry(none, "histroy --json");
  CHECK(verb.code == 2);
  CHECK_THAT(json::parse(verb.out).at("error").at("message").get<std::string>(),
             Catch::Contains("\"histroy\"") && Catch::Contains("did you mean \"history\"?"));
  CHECK_THAT(verb.err, Catch::Contains("histroy"));
  for (const char* arguments : {"version", "version --json", "status --json", "--help"}) {
    CAPTURE(arguments);
    const Said full = belfry(none, std::string(arguments) + " >/dev/full 2>" + (folder / "err").string() + " #");
    CHECK(full.code == 1);
    CHECK_THAT(test::content_of(folder / "err"), Catch::Contains("cannot write to stdout"));
  }
  const Said escape = belfry(none, "\"$(printf '\\033[2J')\"");
  CHECK(escape.code == 2);
  CHECK_THAT(escape.err, Catch::Contains("\\x1b[2J"));
  CHECK(escape.err.find('\x1b') == std::string::npos);
}

TEST_CASE("what needs no daemon works without one") {
  const test::TempDir folder;
  const auto none = folder / "none.sock";
  const Said next = belfry(none, "next '30 4 * * mon' -n 2 --tz Europe/Berlin");
  CHECK(next.code == 0);
  CHECK_THAT(next.out, Catch::Contains("04:30:00"));
  const Said bad = belfry(none, "next '61 * * * *'");
  CHECK(bad.code == 2);
  CHECK_THAT(bad.err, Catch::Contains("^"));
  CHECK(belfry(none, "next '* * * * *' --tz Mars/Phobos").code == 2);

  std::ofstream(folder / "good.yaml") << "jobs:\n  hello:\n    every: 10s\n    command: [\"true\"]\n";
  std::ofstream(folder / "bad.yaml") << "jobs:\n  hello:\n    evry: 10s\n    command: [\"true\"]\n";
  const Said valid = belfry(none, "validate " + (folder / "good.yaml").string());
  CHECK(valid.code == 0);
  CHECK_THAT(valid.out, Catch::Contains("1 job"));
  const Said invalid = belfry(none, "validate " + (folder / "bad.yaml").string());
  CHECK(invalid.code == 5);
  CHECK_THAT(invalid.err, Catch::Contains("bad.yaml:3") && Catch::Contains("every"));
  CHECK(json::parse(belfry(none, "validate --json " + (folder / "bad.yaml").string()).out).at("valid") == false);
  CHECK(belfry(none, "version").code == 0);
  for (const char* command : {"",        "list",     "run",  "cancel", "pause",    "resume",  "next",   "history",
                              "logs",    "validate", "in",   "at",     "reload",   "upgrade", "status", "version",
                              "explain", "lint",     "diff", "why",    "simulate", "tasks",   "slow"}) {
    CAPTURE(command);
    const Said help = belfry(none, std::string(command) + " --help");
    CHECK(help.code == 0);
    CHECK(!help.out.empty());
    if (*command != '\0') CHECK_THAT(help.out, Catch::Contains("Examples:"));
  }
}

TEST_CASE("next marks what a change of the clock skips or repeats") {
  const test::TempDir folder;
  const auto none = folder / "none.sock";
  const Said around = belfry(none, "next '30 2 * * *' --tz Europe/Berlin --around-dst -n 2");
  CHECK(around.code == 0);
  CHECK_THAT(around.out, Catch::Contains("the clock is set forward to 03:00:00 +02:00") &&
                             Catch::Contains("the clock is set back to 02:00:00 +01:00") &&
                             Catch::Contains("03:00:00 +02:00  ") && Catch::Contains("T01:00:00Z") &&
                             Catch::Contains("after the gap") && Catch::Contains("first pass"));
  const json document = json::parse(belfry(none, "next '30 2 * * *' --tz Europe/Berlin --around-dst --json").out);
  CHECK(document.at("changes").size() == 2);
  CHECK_THAT(belfry(none, "next '@daily' --around-dst").out, Catch::Contains("is not changed any more"));

  const json next = json::parse(belfry(none, "next '30 4 * * *' --tz Asia/Tokyo --json").out);
  CHECK(next.at("instants").size() == 5);
  CHECK(next.at("instants")[0].at("offset_seconds") == 9 * 3600);
  CHECK(next.at("instants")[0].at("mark").is_null());
}

TEST_CASE("explain says what an expression means and what to beware of") {
  const test::TempDir folder;
  const auto none = folder / "none.sock";
  const Said said = belfry(none, "explain '30 2 13 * fri' --tz Europe/Berlin");
  CHECK(said.code == 0);
  CHECK_THAT(said.out, Catch::Contains("means") && Catch::Contains("Europe/Berlin") && Catch::Contains("normalised") &&
                           Catch::Contains("either may match") && Catch::Contains("ocps"));
  const json six = json::parse(belfry(none, "explain '0 0 2 * * *' --json").out);
  CHECK(six.at("notes").size() == 1);
  CHECK(six.at("never_fires") == false);
  CHECK(six.at("slots").size() == 5);
  CHECK(json::parse(belfry(none, "explain '0 9 * * 2 *' --dialect year_last --json").out).at("dialect") == "year_last");
  CHECK(belfry(none, "explain '* * * * *' --dialect quarz").code == 2);
  CHECK_THAT(belfry(none, "explain '@at 2001-01-01 00:00'").out, Catch::Contains("not again"));

  const std::string of_a = belfry(none, "next 'H H * * *' --job a --json").out;
  CHECK(of_a == belfry(none, "next 'H H * * *' --job a --json").out);
  CHECK(of_a != belfry(none, "next 'H H * * *' --job b --json").out);
  std::ofstream(folder / "jobs.yaml") << "timezone: UTC\njobs:\n  a: {command: x, schedule: \"H H * * *\"}\n";
  const json of_file = json::parse(belfry(none, "next a --config " + (folder / "jobs.yaml").string() + " --json").out);
  CHECK(of_file.at("slots") == json::parse(of_a).at("slots"));
  CHECK(belfry(none, "explain b --config " + (folder / "jobs.yaml").string()).code == 3);
}

TEST_CASE("explain and next --around-dst ask the daemon about its jobs") {
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success))});
  const Said said = belfry(daemon.socket(), "explain backup");
  CHECK(said.code == 0);
  CHECK_THAT(said.out, Catch::Contains("every 1000h"));
  const Said around = belfry(daemon.socket(), "next backup --around-dst --tz Europe/Berlin -n 1 --json");
  CHECK(around.code == 0);
  CHECK(json::parse(around.out).at("changes")[0].at("slots").size() == 2);
  CHECK(belfry(daemon.socket(), "explain nobody").code == 3);
}

TEST_CASE("lint warns with 1, has nothing to say with 0, and refuses a wrong file with 5") {
  const test::TempDir folder;
  const auto none = folder / "none.sock";
  const auto lint = [&](const std::string& text, const std::string& option = "") {
    std::ofstream(folder / "jobs.yaml") << text;
    return belfry(none, "lint " + option + (folder / "jobs.yaml").string());
  };
  CHECK(lint("jobs: {a: {command: x, every: 10s}}\n").code == 0);
  const Said warned = lint("jobs: {a: {command: x, schedule: \"0 0 13 * fri\"}}\n");
  CHECK(warned.code == 1);
  CHECK_THAT(warned.out, Catch::Contains("jobs.yaml:1:34: jobs.a.schedule: warning: ") && Catch::Contains("1 warning"));
  const Said as_json = lint("jobs: {a: {command: x, schedule: \"0 0 13 * fri\"}}\n", "--json ");
  CHECK(json::parse(as_json.out).at("warnings").size() == 1);
  CHECK(lint("jobs: {a: {comand: x}}\n").code == 5);
}

}  // namespace
}  // namespace belfry::daemon::cli
