// What the real program tells of the steps of flows, and how it answers those that ask.

#include <catch2/catch.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "daemon/cli/said.hpp"
#include "daemon/control/asks.hpp"
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

TEST_CASE("approve and reject decide for the step that waits; list and status say that it does") {
  for (const std::string verb : {"approve", "reject"}) {
    const auto asks = std::make_shared<test::Asks>(std::vector<std::string>{"gate"});
    LiveDaemon daemon({make_job("deploy", asks)});
    CHECK(belfry(daemon.socket(), verb + " deploy").code == 6);
    CHECK(belfry(daemon.socket(), verb + " 999").code == 3);
    CHECK_THAT(belfry(daemon.socket(), "status").out, !Catch::Contains("approv"));
    CHECK(belfry(daemon.socket(), "run deploy").code == 0);
    asks->wait_until_it_waits();
    CHECK_THAT(belfry(daemon.socket(), "list").out, Catch::Contains("waits for approval"));
    CHECK_THAT(
        belfry(daemon.socket(), "status").out,
        Catch::Contains("approvals 1 step to be approved\n          deploy run 1 waits for approval: gate since ") &&
            Catch::Contains(", times out at ") && Catch::Contains(": Really?\n"));
    const Said said = belfry(daemon.socket(), verb + " deploy gate --comment fine");
    CHECK(said.code == 0);
    CHECK(said.out == "Step gate of deploy is " + verb + (verb == "reject" ? "ed" : "d") + ". See `belfry logs 1`.\n");
    CHECK(belfry(daemon.socket(), verb + " deploy").code == 6);
  }
}

TEST_CASE("history of a run has its attempts and its steps with what they hand on") {
  const ledger::WallTime start{std::chrono::sys_days{std::chrono::year{2026} / 11 / 28}};
  ledger::RunStarted began{
      .run = 1, .job = "deploy", .trigger = ledger::RunTrigger::manual, .scheduled_at = {}, .started_at = start};
  ledger::StepEnded build{.run = 1,
                          .job = "deploy",
                          .step = "build",
                          .started_at = start,
                          .ended_at = start + std::chrono::seconds{3},
                          .outcome = Outcome::success};
  build.outputs = {{"tag", "v1"}, {"version", "1.2.3"}};
  ledger::StepEnded never{
      .run = 1, .job = "deploy", .attempt = 2, .step = "never", .started_at = start, .ended_at = start, .outcome = {}};
  never.message = "skipped: its condition does not hold";
  LiveDaemon daemon({make_job("deploy", std::make_shared<Instant>(Outcome::success))}, std::chrono::seconds{30}, {},
                    {began, build, never});
  const Said said = belfry(daemon.socket(), "history 1");
  CHECK(said.code == 0);
  CHECK_THAT(said.out, Catch::Contains("ATTEMPT  STEP   ITEM  TRY  STARTED") &&
                           Catch::Contains("tag=v1 version=1.2.3") &&
                           Catch::Contains("skipped: its condition does not hold"));
  const json steps = json::parse(belfry(daemon.socket(), "history 1 --json").out).at("steps");
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].at("outputs").at("version") == "1.2.3");
  CHECK(steps[1].at("outputs") == json::object());
  CHECK(steps[1].at("attempt") == 2);
}

}  // namespace
}  // namespace belfry::daemon::cli
