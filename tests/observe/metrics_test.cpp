#include "observe/metrics.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <csignal>
#include <memory>
#include <string>

#include "observe/page.hpp"

namespace belfry::observe {
namespace {

using namespace std::chrono_literals;
using engine::WallTime;
using test::mentions;
using test::value;

class Hourly final : public time::Trigger {
 public:
  std::optional<WallTime> next(WallTime after) const noexcept override { return after + 1h; }
  std::optional<WallTime> previous(WallTime before) const noexcept override { return before - 1h; }
  std::string describe() const override { return "hourly"; }
  std::string normalise() const override { return "0 * * * *"; }
};

std::shared_ptr<const engine::Job> plain_job(const std::string& name, bool enabled = true) {
  auto made = std::make_shared<engine::Job>();
  made->name = name;
  made->enabled = enabled;
  made->trigger = std::make_shared<Hourly>();
  made->schedule_text = "0 * * * *";
  made->timezone = "Europe/Berlin";
  return made;
}

WallTime at(std::chrono::nanoseconds since_epoch) { return WallTime{since_epoch}; }

/// Events in, a page out; the wall clock is a member.
struct Page {
  WallTime now = at(10000s);
  engine::EventStream events;
  Metrics metrics{{.version = "1.2.3", .revision = "abc"}, at(9000s), [this] { return now; }};

  Page() { metrics.subscribe(events); }

  void apply(std::initializer_list<std::shared_ptr<const engine::Job>> jobs) {
    auto catalog = std::make_shared<engine::Catalog>();
    for (const auto& each : jobs) catalog->jobs.emplace(each->name, each);
    events.publish(engine::CatalogApplied{.catalog = std::move(catalog), .added = {}, .changed = {}, .removed = {}});
  }

  void start(ledger::RunId run, const std::string& name) {
    events.publish(ledger::RunStarted{.run = run,
                                      .job = name,
                                      .trigger = ledger::RunTrigger::schedule,
                                      .scheduled_at = now,
                                      .started_at = now,
                                      .generation = 1});
  }

  void end(ledger::RunId run, const std::string& name, ledger::Outcome outcome, std::chrono::nanoseconds took) {
    ledger::RunEnded ended;
    ended.run = run;
    ended.job = name;
    ended.started_at = now - took;
    ended.ended_at = now;
    ended.outcome = outcome;
    ended.exit_code = outcome == ledger::Outcome::success ? 0 : 3;
    events.publish(ended);
  }

  std::optional<double> operator[](std::string_view sample) const { return value(metrics.text(), sample); }
};

TEST_CASE("a configured job has all its series at the first scrape, as zeros") {
  Page page;
  page.apply({plain_job("backup"), plain_job("off", false)});
  const std::string text = page.metrics.text();
  for (const char* outcome : {"success", "failure", "timeout", "killed", "cancelled", "start_error", "lost"}) {
    for (const char* trigger : {"schedule", "manual"}) {
      CAPTURE(outcome, trigger);
      CHECK(value(text, "belfry_job_runs_total{job_name=\"backup\",outcome=\"" + std::string(outcome) +
                            "\",trigger=\"" + trigger + "\"}") == 0.0);
    }
  }
  for (const char* result : {"started", "skipped", "missed", "coalesced"}) {
    CHECK(value(text, "belfry_job_slots_total{job_name=\"backup\",result=\"" + std::string(result) + "\"}") == 0.0);
  }
  for (const char* reason : {"overlap", "paused", "deadline", "shutdown", "reloaded"}) {
    CHECK(value(text, "belfry_job_skipped_total{job_name=\"backup\",reason=\"" + std::string(reason) + "\"}") == 0.0);
  }
  for (const char* reason : {"down", "suspend", "clock_jump", "overload"}) {
    CHECK(value(text, "belfry_job_missed_total{job_name=\"backup\",reason=\"" + std::string(reason) + "\"}") == 0.0);
  }
  CHECK(value(text, "belfry_job_duration_seconds_count{job_name=\"backup\"}") == 0.0);
  CHECK(value(text, "belfry_job_start_delay_seconds_bucket{job_name=\"backup\",le=\"+Inf\"}") == 0.0);
  CHECK(value(text, "belfry_job_running{job_name=\"backup\"}") == 0.0);
  CHECK(value(text, R"(belfry_jobs{state="enabled"})") == 1.0);
  CHECK(value(text, R"(belfry_jobs{state="disabled"})") == 1.0);
  CHECK(value(text, R"(belfry_job_info{job_name="backup",schedule="0 * * * *",timezone="Europe/Berlin",)"
                    R"(concurrency_policy="forbid",group="",enabled="true"})") == 1.0);
}

TEST_CASE("what is not known yet is absent, not zero") {
  Page page;
  page.apply({plain_job("backup")});
  const std::string text = page.metrics.text();
  CHECK_FALSE(mentions(text, "belfry_job_last_success_timestamp_seconds{"));
  CHECK_FALSE(mentions(text, "belfry_job_next_run_timestamp_seconds{"));
  CHECK_FALSE(mentions(text, "belfry_job_last_exit_code{"));
  CHECK_FALSE(mentions(text, "belfry_job_last_success{"));
}

TEST_CASE("a run moves running, age, outcome, duration and the last figures") {
  Page page;
  page.apply({plain_job("backup")});
  page.start(7, "backup");
  page.events.publish(
      engine::AttemptStarted{.run = 7, .job = "backup", .attempt = 1, .start_delay = 3ms, .queue_wait = 2ms});
  page.now += 5s;
  CHECK(page[R"(belfry_job_running{job_name="backup"})"] == 1.0);
  CHECK(page[R"(belfry_job_oldest_run_age_seconds{job_name="backup"})"] == Approx(5.0));
  CHECK(page[R"(belfry_job_start_delay_seconds_bucket{job_name="backup",le="0.001"})"] == 0.0);
  CHECK(page[R"(belfry_job_start_delay_seconds_bucket{job_name="backup",le="0.005"})"] == 1.0);
  page.end(7, "backup", ledger::Outcome::success, 5s);
  CHECK(page[R"(belfry_job_running{job_name="backup"})"] == 0.0);
  CHECK(page[R"(belfry_job_oldest_run_age_seconds{job_name="backup"})"] == 0.0);
  CHECK(page[R"(belfry_job_runs_total{job_name="backup",outcome="success",trigger="schedule"})"] == 1.0);
  CHECK(page[R"(belfry_job_duration_seconds_sum{job_name="backup"})"] == Approx(5.0));
  CHECK(page[R"(belfry_job_last_duration_seconds{job_name="backup"})"] == Approx(5.0));
  CHECK(page[R"(belfry_job_last_success{job_name="backup"})"] == 1.0);
  CHECK(page[R"(belfry_job_last_success_timestamp_seconds{job_name="backup"})"] == Approx(10005.0));
  CHECK(page[R"(belfry_job_last_exit_code{job_name="backup"})"] == 0.0);
}

TEST_CASE("failures in a row are counted, a cancelled run does not count, a success ends the row") {
  Page page;
  page.apply({plain_job("backup")});
  auto run = [&, id = ledger::RunId{0}](ledger::Outcome outcome) mutable {
    page.start(++id, "backup");
    page.end(id, "backup", outcome, 1s);
    return page[R"(belfry_job_consecutive_failures{job_name="backup"})"];
  };
  CHECK(run(ledger::Outcome::failure) == 1.0);
  CHECK(run(ledger::Outcome::timeout) == 2.0);
  CHECK(run(ledger::Outcome::cancelled) == 2.0);
  CHECK(run(ledger::Outcome::success) == 0.0);
}

TEST_CASE("slots are counted by result and reason, a span by its length") {
  Page page;
  page.apply({plain_job("backup")});
  ledger::SlotClosed slot{.job = "backup",
                          .scheduled_at = at(100s),
                          .last_scheduled_at = at(500s),
                          .count = 5,
                          .result = ledger::SlotResult::missed,
                          .reason = ledger::SlotReason::down,
                          .run = std::nullopt,
                          .closed_at = page.now};
  page.events.publish(slot);
  slot.count = 1;
  slot.result = ledger::SlotResult::skipped;
  slot.reason = ledger::SlotReason::overlap;
  page.events.publish(slot);
  CHECK(page[R"(belfry_job_slots_total{job_name="backup",result="missed"})"] == 5.0);
  CHECK(page[R"(belfry_job_missed_total{job_name="backup",reason="down"})"] == 5.0);
  CHECK(page[R"(belfry_job_skipped_total{job_name="backup",reason="overlap"})"] == 1.0);
  CHECK(page[R"(belfry_job_last_due_timestamp_seconds{job_name="backup"})"] == 500.0);
}

TEST_CASE("how long runs waited is told, also by those that did not wait") {
  Page page;
  page.apply({plain_job("backup")});
  const auto start = [&](int attempt, std::optional<engine::Duration> waited) {
    page.events.publish(engine::AttemptStarted{
        .run = 7, .job = "backup", .attempt = attempt, .start_delay = std::nullopt, .queue_wait = waited});
  };
  start(1, 0s);
  start(1, 30s);
  start(2, std::nullopt);
  CHECK(page[R"(belfry_job_queue_wait_seconds_bucket{job_name="backup",le="0.1"})"] == 1.0);
  CHECK(page[R"(belfry_job_queue_wait_seconds_count{job_name="backup"})"] == 2.0);
  CHECK(page[R"(belfry_job_queue_wait_seconds_sum{job_name="backup"})"] == Approx(30.0));
}

TEST_CASE("runs that a signal ended are counted by its name") {
  Page page;
  page.apply({plain_job("backup")});
  ledger::RunEnded ended{};
  ended.job = "backup";
  ended.outcome = ledger::Outcome::killed;
  for (const int signal : {SIGSEGV, SIGKILL, SIGSEGV, SIGRTMIN + 1}) {
    ended.signal = signal;
    page.events.publish(ended);
  }
  CHECK(page[R"(belfry_job_signals_total{job_name="backup",signal="SIGSEGV"})"] == 2.0);
  CHECK(page[R"(belfry_job_signals_total{job_name="backup",signal="SIGKILL"})"] == 1.0);
  CHECK(page[R"(belfry_job_signals_total{job_name="backup",signal="SIGTERM"})"] == 0.0);
  CHECK_FALSE(mentions(page.metrics.text(), R"(signal="SIGHUP")"));
}

TEST_CASE("groups show what they hold, and go when they are declared no more") {
  Page page;
  engine::GroupChanged group{.group = "db", .limit = 3, .in_use = 2, .waiting = 5};
  page.events.publish(group);
  CHECK(page[R"(belfry_group_limit{group="db"})"] == 3.0);
  CHECK(page[R"(belfry_group_in_use{group="db"})"] == 2.0);
  CHECK(page[R"(belfry_group_queued{group="db"})"] == 5.0);
  group.limit.reset();
  page.events.publish(group);
  CHECK_FALSE(page[R"(belfry_group_limit{group="db"})"]);
  CHECK(page[R"(belfry_group_in_use{group="db"})"] == 2.0);
  group.gone = true;
  page.events.publish(group);
  CHECK_FALSE(mentions(page.metrics.text(), R"(group="db")"));
}

TEST_CASE("a breaker is in one state at a time; a job without one has none") {
  Page page;
  auto guarded = std::make_shared<engine::Job>(*plain_job("guarded"));
  guarded->breaker = engine::BreakerPolicy{};
  page.apply({guarded, plain_job("backup")});
  const auto state = [&](const char* name) {
    return page[R"(belfry_job_breaker_state{job_name="guarded",state=")" + std::string(name) + "\"}"];
  };
  CHECK(state("closed") == 1.0);
  page.events.publish(engine::BreakerTurned{.job = "guarded", .state = engine::Breaker::State::half_open});
  CHECK(state("closed") == 0.0);
  CHECK(state("open") == 0.0);
  CHECK(state("half_open") == 1.0);
  CHECK_FALSE(mentions(page.metrics.text(), R"(belfry_job_breaker_state{job_name="backup")"));
}

TEST_CASE("what waits for the catch-up budget, one-shots, sleep and the configuration in force are told") {
  Page page;
  page.events.publish(engine::CatchupChanged{.waiting = 4});
  page.events.publish(ledger::OneShotAdded{});
  page.events.publish(ledger::OneShotAdded{});
  page.events.publish(ledger::OneShotRemoved{});
  page.events.publish(ledger::ClockJumped{.at = page.now, .step = 90s, .what = ledger::ClockJumped::What::suspend});
  CHECK(page["belfry_catchup_waiting"] == 4.0);
  CHECK(page["belfry_one_shots_waiting"] == 1.0);
  CHECK(page["belfry_suspended_seconds_total"] == 90.0);
  CHECK(page[R"(belfry_clock_jumps_total{direction="forward"})"] == 0.0);
  for (const char* fingerprint : {"aa", "bb"}) {
    auto catalog = std::make_shared<engine::Catalog>();
    catalog->fingerprint = fingerprint;
    page.events.publish(
        engine::CatalogApplied{.catalog = std::move(catalog), .added = {}, .changed = {}, .removed = {}});
  }
  CHECK_FALSE(page[R"(belfry_config_hash_info{sha256="aa"})"]);
  CHECK(page[R"(belfry_config_hash_info{sha256="bb"})"] == 1.0);
}

TEST_CASE("an attempt adds its output, usage and orphans; a retry is counted") {
  Page page;
  page.apply({plain_job("backup")});
  page.start(1, "backup");
  ledger::AttemptEnded attempt;
  attempt.run = 1;
  attempt.job = "backup";
  attempt.usage = {
      .user_cpu = 1500ms, .system_cpu = 500ms, .max_rss_bytes = 4096, .read_bytes = 512, .written_bytes = 1024};
  attempt.standard_output.total_bytes = 1000;
  attempt.standard_output.dropped_bytes = 900;
  attempt.standard_error.total_bytes = 10;
  attempt.orphans = 2;
  page.events.publish(attempt);
  page.events.publish(engine::RetryPlanned{.run = 1, .job = "backup", .next_attempt = 2, .delay = 1s});
  CHECK(page[R"(belfry_job_output_bytes_total{job_name="backup",stream="stdout"})"] == 1000.0);
  CHECK(page[R"(belfry_job_output_bytes_total{job_name="backup",stream="stderr"})"] == 10.0);
  CHECK(page[R"(belfry_job_output_dropped_bytes_total{job_name="backup"})"] == 900.0);
  CHECK(page[R"(belfry_job_cpu_seconds_total{job_name="backup",mode="user"})"] == 1.5);
  CHECK(page[R"(belfry_job_max_rss_bytes{job_name="backup"})"] == 4096.0);
  CHECK(page[R"(belfry_job_orphan_processes_total{job_name="backup"})"] == 2.0);
  CHECK(page[R"(belfry_job_io_bytes_total{job_name="backup",direction="read"})"] == 512.0);
  CHECK(page[R"(belfry_job_io_bytes_total{job_name="backup",direction="written"})"] == 1024.0);
  CHECK(page[R"(belfry_job_retries_total{job_name="backup"})"] == 1.0);
}

TEST_CASE("a removed job leaves no series behind, an unchanged one keeps its counts") {
  Page page;
  page.apply({plain_job("gone"), plain_job("stays")});
  page.start(1, "stays");
  page.end(1, "stays", ledger::Outcome::success, 1s);
  page.start(2, "gone");
  page.apply({plain_job("stays"), plain_job("new")});
  CHECK_FALSE(mentions(page.metrics.text(), "\"gone\""));
  page.end(2, "gone", ledger::Outcome::success, 1s);  // its run outlives it, and counts nowhere
  const std::string text = page.metrics.text();
  CHECK_FALSE(mentions(text, "\"gone\""));
  CHECK_FALSE(mentions(text, "\"one-shot\""));
  CHECK(value(text, R"(belfry_job_runs_total{job_name="stays",outcome="success",trigger="schedule"})") == 1.0);
  CHECK(value(text, R"(belfry_job_running{job_name="new"})") == 0.0);
}

TEST_CASE("a job that is put back while its run goes on is running still") {
  Page page;
  page.apply({plain_job("backup")});
  page.start(1, "backup");
  page.apply({});
  page.apply({plain_job("backup")});
  CHECK(page[R"(belfry_job_running{job_name="backup"})"] == 1.0);
  page.end(1, "backup", ledger::Outcome::success, 1s);
  CHECK(page[R"(belfry_job_running{job_name="backup"})"] == 0.0);
}

TEST_CASE("counters go on where the last daemon stopped, lost runs included") {
  auto past = std::make_shared<ledger::Resume>();
  ledger::JobTotals totals;
  totals.job = "backup";
  totals.runs = {{.outcome = ledger::Outcome::success, .trigger = ledger::RunTrigger::schedule, .count = 40},
                 {.outcome = ledger::Outcome::failure, .trigger = ledger::RunTrigger::catchup, .count = 2}};
  totals.slots = {{.result = ledger::SlotResult::started, .reason = ledger::SlotReason::none, .count = 42}};
  totals.retries = 3;
  totals.last_success = at(5000s);
  totals.last_outcome = ledger::Outcome::success;
  past->jobs.push_back(totals);
  totals.job = "removed";
  past->jobs.push_back(totals);
  past->paused.push_back({.job = "backup", .paused = true, .reason = {}, .by = "root", .at = at(1s)});

  Page page;
  page.events.publish(engine::Resumed{.past = past});
  page.end(9, "backup", ledger::Outcome::lost, 1s);  // the engine closes what the last daemon left, before apply()
  page.end(10, "removed", ledger::Outcome::lost, 1s);
  page.apply({plain_job("backup")});
  const std::string text = page.metrics.text();
  CHECK(value(text, R"(belfry_job_runs_total{job_name="backup",outcome="success",trigger="schedule"})") == 40.0);
  CHECK(value(text, R"(belfry_job_runs_total{job_name="backup",outcome="failure",trigger="catchup"})") == 2.0);
  CHECK(value(text, R"(belfry_job_runs_total{job_name="backup",outcome="lost",trigger="schedule"})") == 1.0);
  CHECK(value(text, R"(belfry_job_slots_total{job_name="backup",result="started"})") == 42.0);
  CHECK(value(text, R"(belfry_job_retries_total{job_name="backup"})") == 3.0);
  CHECK(value(text, R"(belfry_job_running{job_name="backup"})") == 0.0);
  CHECK(value(text, R"(belfry_job_paused{job_name="backup"})") == 1.0);
  CHECK(value(text, R"(belfry_jobs{state="paused"})") == 1.0);
  CHECK(value(text, R"(belfry_job_last_success_timestamp_seconds{job_name="backup"})") == 5000.0);
  CHECK(value(text, R"(belfry_job_duration_seconds_count{job_name="backup"})") == 0.0);
  CHECK_FALSE(mentions(text, "\"removed\""));
}

TEST_CASE("one-shots of any name share one entry") {
  Page page;
  page.apply({plain_job("backup")});
  for (ledger::RunId run = 1; run <= 3; ++run) {
    const std::string name = "one-shot-" + std::to_string(run);
    page.events.publish(engine::SlotPlanned{.job = name, .next = page.now});
    page.start(run, name);
    page.end(run, name, ledger::Outcome::success, 1s);
  }
  CHECK(page[R"(belfry_job_runs_total{job_name="one-shot",outcome="success",trigger="schedule"})"] == 3.0);
  CHECK_FALSE(mentions(page.metrics.text(), "one-shot-1"));
  page.apply({plain_job("backup")});
  CHECK(page[R"(belfry_job_runs_total{job_name="one-shot",outcome="success",trigger="schedule"})"] == 3.0);
}

TEST_CASE("planning, queueing, pausing and clock jumps show") {
  Page page;
  page.apply({plain_job("backup")});
  page.events.publish(engine::SlotPlanned{.job = "backup", .next = at(12345s)});
  page.events.publish(engine::QueueChanged{.job = "backup", .queued = 4});
  page.events.publish(
      ledger::PauseChanged{.job = "backup", .paused = true, .reason = {}, .by = "root", .at = page.now});
  page.events.publish(ledger::ClockJumped{.at = page.now, .step = -5s});
  CHECK(page[R"(belfry_job_next_run_timestamp_seconds{job_name="backup"})"] == 12345.0);
  CHECK(page[R"(belfry_job_queued{job_name="backup"})"] == 4.0);
  CHECK(page[R"(belfry_job_paused{job_name="backup"})"] == 1.0);
  CHECK(page[R"(belfry_clock_jumps_total{direction="backward"})"] == 1.0);
  CHECK(page[R"(belfry_clock_jumps_total{direction="forward"})"] == 0.0);
  page.events.publish(engine::SlotPlanned{.job = "backup", .next = std::nullopt});
  CHECK_FALSE(mentions(page.metrics.text(), "belfry_job_next_run_timestamp_seconds{"));
}

TEST_CASE("a refused configuration shows, and the one in force keeps its time") {
  Page page;
  page.metrics.config_loaded(true, at(9001s));
  page.metrics.config_loaded(false, at(9500s));
  CHECK(page["belfry_config_last_reload_successful"] == 0.0);
  CHECK(page["belfry_config_last_reload_success_timestamp_seconds"] == 9001.0);
  CHECK(page[R"(belfry_config_reloads_total{result="failure"})"] == 1.0);
  CHECK(page[R"(belfry_config_reloads_total{result="success"})"] == 1.0);
  CHECK(mentions(page.metrics.text(), "belfry_build_info{"));
  CHECK(page["belfry_start_time_seconds"] == 9000.0);
}

}  // namespace
}  // namespace belfry::observe
