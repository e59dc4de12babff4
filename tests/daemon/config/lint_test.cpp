// Warnings: what is right and likely not meant.
#include "daemon/config/lint.hpp"

#include <catch2/catch.hpp>

#include "case_file.hpp"
#include "daemon/config/cgroup_lint.hpp"
#include "daemon/config/clock_change.hpp"
#include "daemon/config/user_lint.hpp"
#include "time/cron.hpp"
#include "time/instant.hpp"

using namespace belfry;
using namespace belfry::daemon;

namespace {

const time::WallTime now = time::parse_time("2026-11-20T12:00:00Z", {}).value();

std::string warnings(const std::string& text) {
  const auto config = parse_config(text, "test.yaml", "/etc/belfry", {.started = now});
  if (!config) FAIL(format_errors(config.error()));
  return daemon::testing::shown(lint(*config, "test.yaml", now));
}

std::string of_job(const std::string& keys, const std::string& zone = "UTC") {
  return warnings("timezone: " + zone + "\njobs:\n  a: {command: x, " + keys + "}\n");
}

}  // namespace

TEST_CASE("lint: a plain configuration has no warning") {
  CHECK(of_job("schedule: \"30 4 * * mon-fri\"", "Europe/Berlin").empty());
  CHECK(of_job("every: 15m").empty());
  CHECK(warnings("jobs: {a: {command: x}}\n").empty());
}

TEST_CASE("lint: a check of sla that fails when all is well, and those that never fail") {
  CHECK(
      of_job("schedule: \"30 4 * * mon-fri\", sla: {max_time_since_success: 26h}") ==
      "3:3 jobs.a.sla.max_time_since_success: warning: it fails between slots that are well: from 2026-11-27T04:30:00Z "
      "to the next one it is longer\n  hint: a limit above the longest pause of the schedule and the time that a run "
      "takes\n");
  CHECK(of_job("schedule: \"30 4 * * mon-fri\", sla: {max_time_since_success: 74h}").empty());
  CHECK(of_job("schedule: \"30 4 * * mon-fri\", enabled: false, sla: {max_time_since_success: 26h}").empty());
  CHECK_THAT(of_job("timeout: 1h, sla: {max_runtime: 1h}"), Catch::Contains("its timeout ends it before"));
  CHECK(of_job("timeout: 1h, retries: 1, sla: {max_runtime: 1h}").empty());
  CHECK_THAT(of_job("every: 1h, starting_deadline: 1m, sla: {late_after: 2m}"),
             Catch::Contains("its starting_deadline gives it up before"));
  CHECK(of_job("every: 1h, starting_deadline: 1m, sla: {late_after: 1m}").empty());
}

TEST_CASE("lint: six fields, both day fields, and days that months do not have") {
  CHECK_THAT(of_job("schedule: \"0 0 2 * * *\""), Catch::StartsWith("3:29 jobs.a.schedule: warning: "));
  CHECK(of_job("schedule: \"0 0 2 * * *\", cron_dialect: seconds").empty());
  CHECK(
      of_job("schedule: \"0 2 13 * fri\"") ==
      "3:29 jobs.a.schedule: warning: the day of the month and the weekday are both restricted: it is due on every day "
      "that matches either\n  hint: a + before the weekday asks for both\n");
  CHECK(of_job("schedule: \"0 2 13 * +fri\"").empty());
  CHECK_THAT(of_job("schedule: [\"0 2 * * *\", \"0 2 31 * *\"]"),
             Catch::StartsWith("3:43 jobs.a.schedule: warning: months without such a day are left out\n"));
  CHECK(of_job("schedule: \"0 2 L * *\"").empty());
}

TEST_CASE("lint: times that a change of the clock meets within a year") {
  CHECK(
      of_job("schedule: \"30 2 * * *\"", "Europe/Berlin") ==
      "3:29 jobs.a.schedule: warning: 2027-03-28: 02:30 is skipped, the clock goes from 02:00 to 03:00; it is due at "
      "03:00:00 +02:00\n  hint: dst_gap and dst_overlap decide about this\n"
      "3:29 jobs.a.schedule: warning: 2027-10-31: 02:30 comes twice, the clock goes from 03:00 to 02:00; it is due at "
      "02:30:00 +02:00\n  hint: dst_gap and dst_overlap decide about this\n");
  CHECK_THAT(of_job("schedule: \"30 2 * * *\", dst_gap: skip", "Europe/Berlin"),
             Catch::Contains("2027-03-28: 02:30 is skipped, the clock goes from 02:00 to 03:00; it is not due then"));
  CHECK_THAT(of_job("schedule: \"30 2 * * *\", dst_overlap: both", "Europe/Berlin"),
             Catch::Contains("it is due at 02:30:00 +02:00, 02:30:00 +01:00"));
  CHECK(of_job("schedule: \"*/5 * * * *\"", "Europe/Berlin").empty());
  CHECK_THAT(of_job("every: 2d", "Europe/Berlin"), Catch::Contains("a day is 24 hours here"));
  CHECK(of_job("every: 2d", "UTC").empty());
}

TEST_CASE("lint: jobs that are never due again, or only on days off") {
  CHECK_THAT(of_job("at: 2026-01-01 00:00"), Catch::StartsWith("3:3 jobs.a: warning: it is never due again\n"));
  CHECK_THAT(of_job("schedule: \"@daily\", active: {until: 2026-11-01}"), Catch::Contains("never due again"));
  const std::string calendar = "calendars: {off: {weekdays: [sat, sun]}}\n";
  CHECK_THAT(warnings(calendar + "jobs: {a: {command: x, schedule: \"0 4 * * sun\", holidays: off}}\n"),
             Catch::Contains("all of its next slots lie on days off and are skipped"));
  CHECK(
      warnings(calendar + "timezone: UTC\njobs: {a: {command: x, schedule: \"0 4 * * *\", holidays: off}}\n").empty());
}

TEST_CASE("lint: globs of a watch that mean something else than it seems") {
  CHECK(of_job(R"(watch: {paths: ["/in/**/[!]a-c]*.csv", "/in/[[]x", "/in/{a}", "/in/**"], exclude: ["*.part"]})")
            .empty());
  CHECK(
      of_job(R"(watch: ["/in/[ab", "/in/*.{csv,txt}", "/in/a**b", "/in/***"])") ==
      "3:3 jobs.a.watch: warning: \"/in/[ab\": a [ without a ] stands for itself\n"
      "  hint: close it, or write [[] for the character\n"
      "3:3 jobs.a.watch: warning: \"/in/*.{csv,txt}\": braces stand for themselves\n"
      "  hint: write a list, with an item for each\n"
      "3:3 jobs.a.watch: warning: \"/in/a**b\": ** stands for folders only when it is alone between slashes; here it "
      "is "
      "a *\n"
      "  hint: for what is in folders below write **/*\n"
      "3:3 jobs.a.watch: warning: \"/in/***\": ** stands for folders only when it is alone between slashes; here it is "
      "a *\n"
      "  hint: for what is in folders below write **/*\n");
  CHECK(of_job(R"(watch: {paths: /in, exclude: "tmp/[!]"})").contains("watch.exclude: warning: \"tmp/[!]\""));
}

TEST_CASE("lint: calendars that run out, have run out, or that nobody uses") {
  const auto with = [](const std::string& dates) {
    return warnings("timezone: UTC\ncalendars:\n  bank: {dates: " + dates +
                    "}\njobs: {a: {command: x, every: 1h, holidays: bank}}\n");
  };
  CHECK(with("[2026-12-24, 2027-12-24]").empty());
  CHECK(with("12-24").empty());
  CHECK(with("2026-12-24") ==
        "3:3 calendars.bank: warning: it runs out soon: no single date after 2026-12-24\n"
        "  hint: add the dates of the next year\n");
  CHECK_THAT(with("2025-12-24"), Catch::Contains("it has run out: no single date after 2025-12-24"));
  CHECK_THAT(warnings("calendars: {bank: {dates: 12-24}}\njobs: {}\n"),
             Catch::StartsWith("1:13 calendars.bank: warning: no job has it among its holidays\n"));
}

TEST_CASE("lint: policies that have no effect, or work against each other") {
  CHECK(of_job("every: 1h, catchup_limit: 5") ==
        "3:45 jobs.a.catchup_limit: warning: this has no effect\n"
        "  hint: it is about on_missed: run_all, and on_missed is skip\n");
  CHECK(of_job("every: 1h, on_missed: run_all, catchup_limit: 5").empty());
  CHECK(warnings("defaults: {catchup_limit: 5}\njobs: {a: {command: x}}\n").empty());
  for (const std::string overlap : {"replace", "cancel_other"}) {
    CHECK_THAT(of_job("every: 1h, retries: 2, concurrency_policy: " + overlap),
               Catch::StartsWith("3:3 jobs.a.retries: warning: a newer slot ends the run with the attempts that it "));
  }
  CHECK(of_job("every: 1h, retries: 2, concurrency_policy: queue").empty());
}

TEST_CASE("lint: jobs that wait for others which nothing starts") {
  const auto upstream = [](const std::string& keys) {
    return warnings("jobs:\n  a: {command: x" + keys + "}\n  b: {command: x, depends_on: {a: done}}\n");
  };
  CHECK(upstream(", every: 1h").empty());
  CHECK(upstream("") ==
        "3:32 jobs.b.depends_on: warning: \"a\" is started by hand only, and so is what waits for it\n"
        "  hint: give it a schedule if that is not meant\n");
  CHECK_THAT(upstream(", every: 1h, enabled: false"), Catch::Contains("\"a\" is not enabled, and so is what waits"));
}

TEST_CASE("lint: circuit breakers that never open") {
  CHECK(of_job("every: 1m, circuit_breaker: {}").empty());
  CHECK(of_job("circuit_breaker: {window: 1s}").empty());
  CHECK(of_job("every: 15m, circuit_breaker: {failures: 5, window: 1h}").empty());
  CHECK_THAT(of_job("every: 16m, circuit_breaker: {failures: 5, window: 1h}"),
             Catch::StartsWith("3:3 jobs.a.circuit_breaker: warning: its window is too short"));
  CHECK_THAT(of_job("every: 1m, circuit_breaker: {}, only_if_last_succeeded: true"),
             Catch::Contains("it never opens: after one failure, only_if_last_succeeded skips every slot"));
}

TEST_CASE("lint: groups without a job") {
  CHECK(warnings("groups: {db: {max_concurrency: 2}}\njobs: {a: {command: x, group: db}}\n").empty());
  CHECK_THAT(warnings("groups: {db: {max_concurrency: 2}}\njobs: {a: {command: x}}\n"),
             Catch::StartsWith("1:10 groups.db: warning: no job is in this group\n"));
}

TEST_CASE("an instant beside a change of the clock is marked") {
  const auto berlin = time::Zone::load("Europe/Berlin").value();
  const auto mark = [&](const char* text) { return mark_of(time::parse_time(text, {}).value(), berlin); };
  CHECK(mark("2026-03-29T00:59:59Z").empty());
  CHECK(mark("2026-03-29T01:00:00Z") == "after the gap");
  CHECK(mark("2026-03-29T02:00:00Z").empty());
  CHECK(mark("2026-10-25T00:30:00Z") == "first pass");
  CHECK(mark("2026-10-25T01:30:00Z") == "second pass");
  CHECK(mark("2026-10-25T02:00:00Z").empty());
}

TEST_CASE("lint: an endpoint of traces that speaks gRPC, without its secrets") {
  const auto of_endpoint = [](const std::string& url) {
    return warnings("tracing:\n  endpoint: " + url + "\njobs: {}\n");
  };
  CHECK(of_endpoint("http://localhost:4318").empty());
  CHECK(of_endpoint("http://localhost:4317") ==
        "2:13 tracing.endpoint: warning: 4317 is the port of OTLP over gRPC, and spans are sent over HTTP\n"
        "  hint: there collectors listen on 4318\n");
  const auto config =
      parse_config("tracing: {endpoint: 'http://me:SECRET@h:4317'}\njobs: {}\n", "test.yaml", "/etc", {.started = now});
  REQUIRE(config);
  CHECK(format_errors(lint(*config, "test.yaml", now)).find("SECRET") == std::string::npos);
}

TEST_CASE("lint: users and groups that this machine does not have") {
  const std::string text =
      "defaults: {user: nobdy}\njobs:\n  a: {command: x}\n  b: {command: x, user: root}\n"
      "  c: {command: x, user: {name: root, group: audoi}}\n";
  const auto config = parse_config(text, "test.yaml", "/etc/belfry", {.started = now});
  REQUIRE(config);
  const auto found = daemon::testing::shown(lint_users(*config, "test.yaml"));
  CHECK(found ==
        "1:18 jobs.a.user: warning: on this machine there is no user \"nobdy\"; did you mean \"nobody\"?\n"
        "  hint: its runs end as start_error until there is\n"
        "5:25 jobs.c.user: warning: on this machine there is no group \"audoi\"; did you mean \"audio\"?\n"
        "  hint: its runs end as start_error until there is\n");
}

TEST_CASE("lint: control groups that this machine cannot have") {
  const std::string text =
      "defaults: {kill_mode: cgroup}\njobs:\n  a: {command: x}\n  b: {command: x, kill_mode: tree}\n"
      "  c: {command: x, kill_mode: tree, cgroup: {memory_max: 1M}}\n  d: {kill_mode: tree, flow: [{id: s, command: x, "
      "cgroup: "
      "{tasks_max: 5}}]}\n  e: {file: {delete: {paths: /x}}}\n";
  const auto config = parse_config(text, "test.yaml", "/etc/belfry", {.started = now});
  if (!config) FAIL(format_errors(config.error()));
  const auto none = [](const io::CgroupLimits&) {
    return std::expected<void, std::string>(std::unexpect, "there is none");
  };
  const std::string hint =
      "  hint: its runs end as start_error until there is one, and it is handed over to belfryd: Delegate=yes\n";
  CHECK(daemon::testing::shown(lint_cgroups(*config, "test.yaml", none)) ==
        "3:3 jobs.a.kill_mode: warning: there is none\n" + hint + "5:44 jobs.c.cgroup: warning: there is none\n" +
            hint + "6:59 jobs.d.flow.s.cgroup: warning: there is none\n" + hint);
  const auto all = [](const io::CgroupLimits&) { return std::expected<void, std::string>(); };
  CHECK(lint_cgroups(*config, "test.yaml", all).empty());
}

TEST_CASE("lint: steps of flows") {
  const auto of_steps = [](const std::string& steps, const std::string& keys = "every: 1h") {
    return warnings("timezone: UTC\njobs:\n  a: {" + keys + ", flow: [" + steps + "]}\n");
  };
  CHECK(
      of_steps("{id: x, command: a}, {id: y, command: b, if: \"failure(x) || steps.x.outcome == 'skipped'\"}").empty());
  CHECK_THAT(of_steps("{id: x, command: a}, {id: y, command: b, if: success(x) && failure(x)}"),
             Catch::StartsWith("3:") && Catch::Contains("jobs.a.flow.y.if: warning: this condition never holds"));
  CHECK_THAT(of_steps("{id: x, command: a}, {id: y, command: b, if: \"success(x) && steps.x.outcome != 'success'\"}"),
             Catch::Contains("never holds"));
  CHECK(of_steps("{id: x, command: a, outputs: {o: stdout}}, {id: y, command: b, if: \"steps.x.outputs.o == ''\"}")
            .empty());

  CHECK_THAT(of_steps("{id: x, command: a}, {id: y, command: b}, {id: z, needs: [x, y], command: c}"),
             Catch::Contains("jobs.a.flow.z.needs: warning: \"x\" is needed by \"y\" already"));
  CHECK(of_steps("{id: x, command: a}, {id: y, if: always(), command: b}, {id: z, needs: [x, y], command: c}").empty());

  CHECK_THAT(of_steps("{id: x, command: a, timeout: 1h}", "every: 1h, timeout: 1h"),
             Catch::Contains("jobs.a.flow.x.timeout: warning: it never comes to that"));
  CHECK(of_steps("{id: x, command: a, timeout: 59m}", "every: 1h, timeout: 1h").empty());
  CHECK_THAT(of_steps("{id: x, approval: a}"), Catch::Contains("it waits for ever when nobody decides"));
  CHECK(of_steps("{id: x, approval: a, timeout: 1h}").empty());
  CHECK(of_steps("{id: x, approval: a}", "description: by hand").empty());
}

TEST_CASE("lint: secrets whose variable changes how programs are found or loaded") {
  const std::string secrets = "secrets: {PATH: a, LD_PRELOAD: b, BASH_ENV: c, TOKEN_FILE: d, PATH_FILE: e}";
  CHECK(warnings("jobs:\n  a: {" + secrets + ", command: x}\n") ==
        "2:3 jobs.a.secrets: warning: PATH, LD_PRELOAD, BASH_ENV: this tells shells or the loader what to run, and "
        "will be "
        "the path of a secret\n  hint: a variable that the program itself asks for, such as TOKEN_FILE\n");
  CHECK_THAT(warnings("defaults: {secrets: {IFS: a}}\njobs:\n  a: {flow: [{id: x, command: a}]}\n"),
             Catch::Contains("jobs.a.flow.x.secrets: warning: IFS: this tells"));
  CHECK(warnings("defaults: {secrets: {IFS: a}}\njobs:\n  a: {native: {function: checksum, paths: /x, output: /y}}\n")
            .empty());
}

TEST_CASE("lint: what a kind of action says of its parameters is said of steps, too") {
  const std::string request = "http: {url: \"https://a.example/\", tls: {verify: false}}";
  CHECK_THAT(warnings("jobs:\n  a: {" + request + "}\n"), Catch::Contains("jobs.a.http.tls.verify: warning: anybody"));
  CHECK_THAT(warnings("jobs:\n  a: {flow: [{" + request + "}]}\n"),
             Catch::StartsWith("2:14 jobs.a.flow.step_1.http.tls.verify: warning: anybody"));
}
