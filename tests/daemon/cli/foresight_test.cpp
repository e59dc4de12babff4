// The commands that look ahead or back: diff, simulate, why.

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

TEST_CASE("diff tells what differs with 1, nothing with 0, and refuses a wrong file with 5") {
  const test::TempDir folder;
  const auto none = folder / "none.sock";
  std::ofstream(folder / "old.yaml")
      << "timezone: Europe/Berlin\njobs:\n  backup: {command: x, schedule: \"0 2 * * *\"}\n"
         "  gone: {command: x}\n";
  std::ofstream(folder / "new.yaml")
      << "timezone: Europe/Berlin\njobs:\n  backup: {command: x, schedule: \"0 3 * * *\"}\n"
         "  fresh: {command: x}\n";
  const auto diff = [&](const std::string& before, const std::string& after, const std::string& option = "") {
    return belfry(none, "diff " + option + (folder / before).string() + " " + (folder / after).string());
  };
  const Said same = diff("old.yaml", "old.yaml");
  CHECK(same.code == 0);
  CHECK(same.out.empty());
  const Said differs = diff("old.yaml", "new.yaml");
  CHECK(differs.code == 1);
  CHECK_THAT(differs.out, Catch::StartsWith("+ fresh\n- gone\n~ backup: schedule\nFires until ") &&
                              Catch::Contains("~ backup (Europe/Berlin): 7 vanish, 7 appear\n    - ") &&
                              Catch::Contains("02:00:00 +0") && Catch::Contains("- and 4 more"));
  const json document = json::parse(diff("old.yaml", "new.yaml", "--json ").out);
  CHECK(document.at("changed") == json::parse(R"([{"job": "backup", "keys": ["schedule"]}])"));
  CHECK(document.at("fires")[0].at("vanishing") == 7);

  std::ofstream(folder / "bad.yaml") << "jobs: {a: {comand: x}}\n";
  const Said bad = diff("bad.yaml", "missing.yaml");
  CHECK(bad.code == 5);
  CHECK_THAT(bad.err,
             Catch::Contains("bad.yaml:1") && Catch::Contains("missing.yaml") && Catch::Contains("No such file"));
  CHECK(json::parse(diff("old.yaml", "bad.yaml", "--json ").out).at("error").at("code") == 5);
  CHECK(belfry(none, "diff one.yaml").code == 2);
}

TEST_CASE("explain --action tells the keys of a kind, and which kinds there are") {
  const test::TempDir folder;
  const auto none = folder / "none.sock";
  const Said file = belfry(none, "explain --action file");
  CHECK(file.code == 0);
  CHECK_THAT(file.out, Catch::StartsWith(
                           "file: treats files without a program: copies, rotates, archives, verifies and so on\n\n") &&
                           Catch::Contains("\ncopy: copies files") &&
                           Catch::Contains("keep      1 to 1000                         7         how many"));
  const json document = json::parse(belfry(none, "explain --action native --json").out);
  CHECK(document.at("forms")[1].at("keys")[1].at("takes") == "gzip or zstd");
  const Said flow = belfry(none, "explain --action flow");
  CHECK(flow.code == 0);
  CHECK_THAT(flow.out, Catch::Contains("finally_timeout") && Catch::Contains("max_parallel") &&
                           Catch::Contains("approval") && Catch::Contains("working_dir") && Catch::Contains("http"));
  const json parts = json::parse(belfry(none, "explain --action flow --json").out).at("forms");
  REQUIRE(parts.size() == 4);
  CHECK(parts[1].at("name") == "step");
  CHECK(parts[3].at("keys")[1].at("default") == "fail");
  const Said unknown = belfry(none, "explain --action fil");
  CHECK(unknown.code == 3);
  CHECK_THAT(unknown.err, Catch::Contains("did you mean \"file\"?"));
  CHECK(belfry(none, "explain").code == 2);
  CHECK(belfry(none, "explain '@daily' --action file").code == 2);
}

TEST_CASE("simulate counts overlaps with assumed durations, or with those of the daemon") {
  const test::TempDir folder;
  const auto none = folder / "none.sock";
  std::ofstream(folder / "jobs.yaml")
      << "timezone: UTC\njobs:\n  a: {command: x, every: 1m}\n  b: {command: x, every: 1h}\n";
  const std::string file = " --config " + (folder / "jobs.yaml").string();
  const std::string day = "simulate --from 2026-01-01 --to 2026-01-02";
  const Said assumed = belfry(none, day + file + " --duration 10s --duration a=90s");
  CHECK(assumed.code == 0);
  CHECK_THAT(assumed.out, Catch::Contains("a    1440   720   720") && Catch::Contains("At most 2 runs at once"));
  const json document = json::parse(belfry(none, day + file + " --duration 10s --json").out);
  CHECK(document.at("total").at("runs") == 1464);
  CHECK(document.at("jobs")[0].at("durations") == "assumed");

  const Said unreachable = belfry(none, day + file);
  CHECK(unreachable.code == 4);
  CHECK_THAT(unreachable.err, Catch::Contains("--duration SPAN"));
  CHECK_THAT(belfry(none, "simulate").err, Catch::Contains("--config FILE"));
  CHECK(belfry(none, day + file + " --duration nobody=1s").code == 3);
  CHECK(belfry(none, day + file + " --duration 1parsec").code == 2);
  CHECK(belfry(none, "simulate --from 2026-01-02 --to 2026-01-01 --duration 1s" + file).code == 2);
  const Said no_ledger = belfry(none, day + file + " --state-dir " + (folder / "nothing").string());
  CHECK(no_ledger.code == 1);
  CHECK_THAT(no_ledger.err, Catch::Contains("--state-dir"));

  LiveDaemon daemon({make_job("a", std::make_shared<Instant>(Outcome::success))});
  REQUIRE(belfry(daemon.socket(), "run a --wait").code == 0);
  const json recorded = json::parse(belfry(daemon.socket(), day + file + " --json").out);
  CHECK(recorded.at("jobs")[0].at("durations") == "recorded");
  CHECK(recorded.at("jobs")[0].at("recorded") == 1);
  CHECK(recorded.at("jobs")[1].at("durations") == "unknown");
}

TEST_CASE("catchup shows, runs and skips missed slots that wait for the budget") {
  using namespace std::chrono_literals;
  const auto now = std::chrono::floor<std::chrono::minutes>(std::chrono::system_clock::now());
  const auto missing = [](const std::string& name) {
    auto job = make_job(name, std::make_shared<Instant>(Outcome::success));
    job->trigger = std::make_shared<time::EveryTrigger>(1min);
    job->on_missed = engine::OnMissed::run_all;
    job->catchup_limit = 500;
    job->overlap = engine::Overlap::allow;
    return job;
  };
  std::vector<ledger::Entry> past;
  for (const char* name : {"a", "b"})
    past.emplace_back(ledger::JobDeclared{.job = name, .fingerprint = name, .at = now - 10h});
  LiveDaemon daemon({missing("a"), missing("b"), make_job("c", std::make_shared<Instant>(Outcome::success))},
                    std::chrono::seconds{30}, {}, std::move(past));  // at 60 starts a minute, this takes a while

  const json plan = json::parse(belfry(daemon.socket(), "catchup plan -n 10 --json").out);
  CHECK(plan.at("waiting").get<int>() > 500);
  CHECK(plan.at("starts_per_minute") == 60);
  REQUIRE(plan.at("slots").size() == 10);
  CHECK(plan.at("slots")[9].at("expected_at") > plan.at("slots")[0].at("expected_at"));
  CHECK_THAT(belfry(daemon.socket(), "catchup plan -n 3").out,
             Catch::Contains("missed slots are waiting, 60 starts a minute") && Catch::Contains("RUNS ABOUT"));

  const Said ran = belfry(daemon.socket(), "catchup run a");
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, Catch::Contains(" missed slots of a are run now"));
  const Said skipped = belfry(daemon.socket(), "catchup skip b --json");
  CHECK(skipped.code == 0);
  CHECK(json::parse(skipped.out).at("slots").get<int>() > 200);
  CHECK_THAT(belfry(daemon.socket(), "catchup plan").out, Catch::Contains("No missed slot is waiting"));
  const Said none = belfry(daemon.socket(), "catchup run c");
  CHECK(none.code == 3);
  CHECK_THAT(none.err, Catch::Contains("belfry catchup plan"));
  CHECK(belfry(daemon.socket(), "catchup skip nobody").code == 3);
  CHECK(belfry(daemon.socket(), "catchup").code == 2);
  CHECK(belfry(daemon.socket(), "catchup plan --help").code == 0);
}

TEST_CASE("why asks the daemon") {
  LiveDaemon daemon({make_job("a", std::make_shared<Instant>(Outcome::success))});
  const Said said = belfry(daemon.socket(), "why a");
  CHECK(said.code == 0);
  CHECK_THAT(said.out, Catch::Contains("It has not been due yet") && Catch::Contains("its next slot is"));
  CHECK(json::parse(belfry(daemon.socket(), "why a --at 2100-01-01 --json").out).at("ran").is_null());
  CHECK(belfry(daemon.socket(), "why nobody").code == 3);
  CHECK(belfry(daemon.socket(), "why a --at sometime").code == 2);
}

}  // namespace
}  // namespace belfry::daemon::cli
