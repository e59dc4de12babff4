#include "daemon/control/control_api.hpp"

#include <pwd.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <future>
#include <nlohmann/json.hpp>
#include <string>

#include "daemon/control/asks.hpp"
#include "daemon/control/live_daemon.hpp"
#include "daemon/control/unix_client.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;
using ledger::Outcome;
using nlohmann::json;
using test::Asks;
using test::call;
using test::Gate;
using test::Instant;
using test::LiveDaemon;
using test::make_job;

std::string my_name() {
  const passwd* const me = ::getpwuid(::getuid());
  return me != nullptr ? me->pw_name : std::to_string(::getuid());
}

TEST_CASE("jobs are listed, one is shown, an unknown one is told with a guess") {
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success)),
                     make_job("report", std::make_shared<Instant>(Outcome::success))});
  const json jobs = call(daemon.socket(), "GET", "/v1/jobs").document().at("jobs");
  REQUIRE(jobs.size() == 2);
  CHECK(jobs[0].at("name") == "backup");
  CHECK(jobs[1].at("schedule") == "every 1000h");
  CHECK(jobs[0].at("next").is_string());
  CHECK(jobs[0].at("running").empty());
  CHECK(call(daemon.socket(), "GET", "/v1/jobs/report").document().at("name") == "report");
  const auto unknown = call(daemon.socket(), "GET", "/v1/jobs/bakcup");
  CHECK(unknown.status == 404);
  CHECK_THAT(unknown.message(), Catch::Contains("bakcup") && Catch::Contains("did you mean \"backup\"?"));
}

TEST_CASE("a run that is waited for answers with its end, and is in the history with its output") {
  LiveDaemon daemon({make_job("good", std::make_shared<Instant>(Outcome::success)),
                     make_job("bad", std::make_shared<Instant>(Outcome::failure, 3))});
  const auto good = call(daemon.socket(), "POST", "/v1/jobs/good/run", R"({"wait": true})");
  CHECK(good.status == 200);
  const json run = good.document().at("run");
  CHECK(run.at("outcome") == "success");
  CHECK(run.at("trigger") == "manual");
  CHECK(run.at("scheduled_at").is_null());
  CHECK(run.at("duration_seconds").is_number());
  const json bad = call(daemon.socket(), "POST", "/v1/jobs/bad/run", R"({"wait": true})").document().at("run");
  CHECK(bad.at("outcome") == "failure");
  CHECK(bad.at("exit_code") == 3);
  CHECK(bad.at("message") == "exit code 3");

  const json history = call(daemon.socket(), "GET", "/v1/runs").document().at("runs");
  REQUIRE(history.size() == 2);
  CHECK(history[0].at("job") == "bad");
  const json failed = call(daemon.socket(), "GET", "/v1/runs?outcome=failure,timeout&limit=10").document().at("runs");
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].at("run") == bad.at("run"));

  const std::string path = "/v1/runs/" + std::to_string(bad.at("run").get<int>());
  CHECK(call(daemon.socket(), "GET", path).document().at("attempt_list").size() == 1);
  const json output = call(daemon.socket(), "GET", path + "/output").document().at("output");
  REQUIRE(output.size() == 1);
  CHECK(output[0].at("stdout").at("head") == "out\n");
  CHECK(output[0].at("stderr").at("head") == "e\xEF\xBF\xBD\n");  // not UTF-8: replaced
  CHECK(output[0].at("stderr").at("head_base64") == "Zf8K");      // and here as it was
  CHECK_FALSE(output[0].at("stdout").contains("head_base64"));
  CHECK(output[0].at("stderr").at("dropped_bytes") == 92);
}

TEST_CASE("a run under way refuses a second one, is shown, and can be cancelled while somebody waits for it") {
  const auto gate = std::make_shared<Gate>();
  LiveDaemon daemon({make_job("slow", gate)});
  auto waiting = std::async(std::launch::async,
                            [&] { return call(daemon.socket(), "POST", "/v1/jobs/slow/run", R"({"wait": true})"); });
  gate->wait_until_begun();
  const auto second = call(daemon.socket(), "POST", "/v1/jobs/slow/run");
  CHECK(second.status == 409);
  const json job = call(daemon.socket(), "GET", "/v1/jobs/slow").document();
  REQUIRE(job.at("running").size() == 1);
  const auto id = job.at("running")[0].at("run").get<int>();
  CHECK(call(daemon.socket(), "POST", "/v1/runs/" + std::to_string(id) + "/cancel").status == 200);
  const json ended = waiting.get().document().at("run");
  CHECK(ended.at("outcome") == "cancelled");
  CHECK(ended.at("message") == "cancelled by " + my_name());
  CHECK(call(daemon.socket(), "POST", "/v1/runs/" + std::to_string(id) + "/cancel").status == 404);
}

TEST_CASE("steps that wait for approvals are shown, and are decided in the name of who says so") {
  const auto asks = std::make_shared<Asks>(std::vector<std::string>{"one", "two"});
  LiveDaemon daemon({make_job("deploy", asks), make_job("other", std::make_shared<Instant>(Outcome::success))});
  const auto say = [&](const std::string& path, const std::string& body) {
    return call(daemon.socket(), "POST", path, body);
  };
  CHECK_THAT(say("/v1/jobs/deploy/approve", "").message(), Catch::StartsWith("no run of \"deploy\" waits for an"));
  auto waiting = std::async(std::launch::async,
                            [&] { return call(daemon.socket(), "POST", "/v1/jobs/deploy/run", R"({"wait": true})"); });
  asks->wait_until_it_waits();
  const json running = call(daemon.socket(), "GET", "/v1/jobs/deploy").document().at("running").at(0);
  const std::string run = "/v1/runs/" + std::to_string(running.at("run").get<int>());
  CHECK(running.at("approvals").size() == 2);
  CHECK(running.at("approvals")[0].at("message") == "Really?");
  const json status = call(daemon.socket(), "GET", "/v1/status").document().at("approvals");
  CHECK(status.at("waiting") == 2);
  CHECK(status.at("approvals")[1].at("job") == "deploy");
  CHECK(status.at("approvals")[1].at("step") == "two");

  CHECK(say("/v1/jobs/deploy/approve", "").status == 409);
  CHECK_THAT(say(run + "/approve", "").message(), Catch::EndsWith("so name one: \"one\", \"two\""));
  CHECK(say(run + "/approve", R"({"step": "three"})").status == 409);
  CHECK(say(run + "/approve", R"({"stp": "one"})").status == 400);
  CHECK(say(run + "/approve", R"({"step": "one", "comment": "a\nb"})").status == 400);
  CHECK(say(run + "/approve", R"({"step": "one", "comment": ")" + std::string(1001, 'a') + "\"}").status == 400);
  CHECK(say("/v1/runs/999/approve", "").status == 404);
  CHECK_THAT(say("/v1/jobs/deplyo/reject", "").message(), Catch::Contains("did you mean \"deploy\"?"));

  const json done = say(run + "/approve", R"({"step": "two", "comment": "looks good"})").document();
  CHECK(done.at("step") == "two");
  CHECK(done.at("approved") == true);
  CHECK_THAT(say(run + "/reject", R"({"step": "two"})").message(), Catch::Contains("was approved by " + my_name()));
  CHECK(say("/v1/jobs/deploy/reject", "").document().at("step") == "one");
  const json ended = waiting.get().document().at("run");
  CHECK(ended.at("outcome") == "failure");
  const std::string me = my_name() + " (uid " + std::to_string(::getuid()) + ")";
  CHECK(ended.at("message") == "rejected by " + me + ";approved by " + me + ": looks good;");
  CHECK(call(daemon.socket(), "GET", "/v1/status").document().at("approvals").at("waiting") == 0);
}

TEST_CASE("a run that is not waited for is accepted; all runs of a job can be cancelled") {
  const auto gate = std::make_shared<Gate>();
  LiveDaemon daemon({make_job("slow", gate)});
  const auto started = call(daemon.socket(), "POST", "/v1/jobs/slow/run");
  CHECK(started.status == 202);
  CHECK(started.document().at("run").at("run").is_number_integer());
  gate->wait_until_begun();
  CHECK(call(daemon.socket(), "POST", "/v1/jobs/slow/cancel").document().at("cancelled") == 1);
}

TEST_CASE("the end of the daemon ends the run, and who waits for it is told") {
  const auto gate = std::make_shared<Gate>();
  LiveDaemon daemon({make_job("slow", gate)});
  auto waiting = std::async(std::launch::async,
                            [&] { return call(daemon.socket(), "POST", "/v1/jobs/slow/run", R"({"wait": true})"); });
  gate->wait_until_begun();
  daemon.stop();
  CHECK(waiting.get().document().at("run").at("outcome") == "cancelled");
}

TEST_CASE("a queued run that will never start is told to who waits for it") {
  const auto gate = std::make_shared<Gate>();
  auto job = make_job("slow", gate);
  job->overlap = engine::Overlap::queue;
  LiveDaemon daemon({job});
  CHECK(call(daemon.socket(), "POST", "/v1/jobs/slow/run").status == 202);
  gate->wait_until_begun();
  const test::UnixClient second(daemon.socket());
  second.send(
      "POST /v1/jobs/slow/run HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 14\r\n\r\n{\"wait\": true}");
  std::size_t queued = 0;
  while (queued == 0) daemon.on_loop([&] { queued = daemon.engine().status().queued; });
  daemon.stop();
  CHECK_THAT(second.read_all(), Catch::Contains("503") && Catch::Contains("never started"));
}

TEST_CASE("pausing names who did it and why, resuming undoes it") {
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success))});
  CHECK(call(daemon.socket(), "POST", "/v1/jobs/backup/pause", R"({"reason": "new disk"})").status == 200);
  const json paused = call(daemon.socket(), "GET", "/v1/jobs/backup").document().at("paused");
  CHECK(paused.at("reason") == "new disk");
  CHECK(paused.at("by") == my_name());
  CHECK(call(daemon.socket(), "POST", "/v1/jobs/backup/resume").status == 200);
  CHECK(call(daemon.socket(), "GET", "/v1/jobs/backup").document().at("paused").is_null());
  CHECK(call(daemon.socket(), "POST", "/v1/jobs/nope/pause").status == 404);
}

TEST_CASE("a pause with an end tells it, and one whose end is past or no time is refused") {
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success))});
  const auto pause = [&](const char* body) { return call(daemon.socket(), "POST", "/v1/jobs/backup/pause", body); };
  CHECK(pause(R"({"until": "2100-01-01T00:00:00Z"})").status == 200);
  const json paused = call(daemon.socket(), "GET", "/v1/jobs/backup").document().at("paused");
  CHECK_THAT(paused.at("until").get<std::string>(), Catch::StartsWith("2100-01-01T00:00:00"));
  CHECK(pause(R"({"until": "2001-01-01T00:00:00Z"})").status == 409);
  CHECK(pause(R"({"until": "soon"})").status == 400);
  CHECK(pause(R"({"until": 7})").status == 400);
  CHECK(pause(R"({"untill": "2100-01-01T00:00:00Z"})").status == 400);
}

TEST_CASE("coming slots are told as many as asked for") {
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success))});
  const json next = call(daemon.socket(), "GET", "/v1/jobs/backup/next?n=7").document();
  CHECK(next.at("slots").size() == 7);
  CHECK(next.at("description").is_string());
  CHECK(call(daemon.socket(), "GET", "/v1/jobs/backup/next?n=0").status == 400);
  CHECK(call(daemon.socket(), "GET", "/v1/jobs/backup/next?n=5x").status == 400);
}

TEST_CASE("a one-shot is taken on, listed, and forgotten on request") {
  LiveDaemon daemon({});
  const auto added = call(daemon.socket(), "POST", "/v1/oneshots",
                          R"({"due": "2190-01-01T00:00:00Z", "argv": ["true"], "name": "later"})");
  CHECK(added.status == 201);
  CHECK(added.document().at("name") == "later");
  const json jobs = call(daemon.socket(), "GET", "/v1/jobs").document().at("jobs");
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].at("one_shot") == true);
  CHECK(jobs[0].at("next") == "2190-01-01T00:00:00Z");
  CHECK(call(daemon.socket(), "DELETE", "/v1/oneshots/later").status == 200);
  CHECK(call(daemon.socket(), "GET", "/v1/jobs").document().at("jobs").empty());
  CHECK(call(daemon.socket(), "DELETE", "/v1/oneshots/later").status == 404);
}

TEST_CASE("a wrong body is refused with what is wrong, and changes nothing") {
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success))});
  const char* const bodies[] = {R"()",
                                R"([])",
                                R"({)",
                                R"({"argv": ["true"]})",
                                R"({"due": "2190-01-01T00:00:00Z"})",
                                R"({"due": "2190-01-01T00:00:00Z", "argv": []})",
                                R"({"due": "2190-01-01T00:00:00Z", "argv": "true"})",
                                R"({"due": "2190-01-01T00:00:00Z", "argv": ["a\u0000b"]})",
                                R"({"due": "someday", "argv": ["true"]})",
                                R"({"due": "2190-01-01T00:00:00Z", "argv": ["true"], "colour": 1})",
                                R"({"due": "2190-01-01T00:00:00Z", "argv": ["true"], "argv": ["false"]})",
                                R"({"due": "2190-01-01T00:00:00Z", "argv": ["true"], "name": "../../etc/passwd"})",
                                R"({"due": "2190-01-01T00:00:00Z", "argv": ["true"], "working_dir": "tmp"})",
                                R"({"due": "2190-01-01T00:00:00Z", "argv": ["true"], "environment": {"A=B": "c"}})"};
  for (const char* body : bodies) {
    CAPTURE(body);
    const auto answer = call(daemon.socket(), "POST", "/v1/oneshots", body);
    CHECK(answer.status == 400);
    CHECK(!answer.message().empty());
  }
  const std::string deep = std::string(100'000, '[');
  CHECK(call(daemon.socket(), "POST", "/v1/oneshots", deep).status == 400);
  CHECK(call(daemon.socket(), "POST", "/v1/jobs/backup/run", R"({"wait": 1})").status == 400);
  CHECK(call(daemon.socket(), "GET", "/v1/runs?outcome=great").status == 400);
  CHECK(call(daemon.socket(), "GET", "/v1/runs?colour=red").status == 400);
  CHECK(call(daemon.socket(), "GET", "/v1/runs/12x").status == 400);
  CHECK(call(daemon.socket(), "GET", "/v1/runs/12").status == 404);
  CHECK(call(daemon.socket(), "DELETE", "/v1/jobs").status == 405);
  CHECK(call(daemon.socket(), "GET", "/v2").status == 404);
  CHECK(call(daemon.socket(), "GET", "/v1/jobs").document().at("jobs").size() == 1);
}

TEST_CASE("a reload tells what changed, or what is wrong with the file") {
  LiveDaemon daemon({});
  CHECK(call(daemon.socket(), "POST", "/v1/reload").document().at("added") == json::array({"new"}));
  daemon.next_reload = {
      .applied = false, .errors = "line 3: no", .generation = 2, .added = {}, .changed = {}, .removed = {}};
  const auto refused = call(daemon.socket(), "POST", "/v1/reload");
  CHECK(refused.status == 422);
  CHECK(refused.message() == "line 3: no");
}

TEST_CASE("status and metrics are served") {
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success))});
  const json status = call(daemon.socket(), "GET", "/v1/status").document();
  CHECK(status.at("version") == "1.2.3");
  CHECK(status.at("pid") == ::getpid());
  CHECK(status.at("engine").at("jobs") == 1);
  CHECK(status.at("loop").at("responding") == true);
  CHECK(status.at("ledger").at("dropped") == 0);
  CHECK(call(daemon.socket(), "GET", "/metrics").body == "belfry_test 1\n");
}

TEST_CASE("checks of sla that fail are told with their job, and all of them by status") {
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success)),
                     make_job("other", std::make_shared<Instant>(Outcome::success))});
  engine::SlaFinding finding{.job = "backup", .check = engine::SlaCheck::max_runtime, .since = {}};
  finding.limit = 1h;
  finding.value = 90min;
  finding.run = 7;
  daemon.breaches = {{finding}};
  const json expected{{"job", "backup"},
                      {"check", "max_runtime"},
                      {"limit_seconds", 3600.0},
                      {"value_seconds", 5400.0},
                      {"run", 7},
                      {"since", "1970-01-01T00:00:00Z"},
                      {"message", "a run has been under way for 1h30m, and 1h are agreed"}};
  const json jobs = call(daemon.socket(), "GET", "/v1/jobs").document().at("jobs");
  CHECK(jobs.at(0).at("breaches") == json::array({expected}));
  CHECK(jobs.at(1).at("breaches") == json::array());
  CHECK(call(daemon.socket(), "GET", "/v1/jobs/backup").document().at("breaches") == json::array({expected}));
  CHECK(call(daemon.socket(), "GET", "/v1/jobs/other").document().at("breaches") == json::array());
  CHECK(call(daemon.socket(), "GET", "/v1/status").document().at("sla") ==
        json({{"breached", 1}, {"breaches", {expected}}}));
  daemon.breaches = std::vector<engine::SlaBreached>(30, {finding});
  const json many = call(daemon.socket(), "GET", "/v1/status").document().at("sla");
  CHECK(many.at("breached") == 30);
  CHECK(many.at("breaches").size() == 20);
}

TEST_CASE(
    "while the loop is stuck, status names the culprit, commands are refused in time, and never carried out late") {
  LiveDaemon daemon({make_job("backup", std::make_shared<Instant>(Outcome::success))}, 50ms);
  std::promise<void> entered;
  std::promise<void> release;
  const auto hold = [&]() -> async::Task<> {
    entered.set_value();
    release.get_future().wait();
    co_return;
  };
  daemon.loop().call_soon_threadsafe([&] { async::spawn(hold(), "the culprit").detach(); });
  entered.get_future().wait();

  const json status = call(daemon.socket(), "GET", "/v1/status").document();
  CHECK(status.at("engine").is_null());
  CHECK(status.at("loop").at("responding") == false);
  CHECK(status.at("loop").at("current_step").at("task") == "the culprit");
  const auto refused = call(daemon.socket(), "POST", "/v1/jobs/backup/run");
  CHECK(refused.status == 503);
  CHECK_THAT(refused.message(), Catch::Contains("the culprit") && Catch::Contains("control_api_test.cpp"));
  CHECK(call(daemon.socket(), "GET", "/v1/runs").status == 200);  // history needs no loop

  release.set_value();
  daemon.on_loop([] {});  // all that was posted before has had its turn
  CHECK(call(daemon.socket(), "GET", "/v1/runs").document().at("runs").empty());
}

}  // namespace
}  // namespace belfry::daemon
