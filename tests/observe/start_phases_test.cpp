// belfry_job_start_delay_phase_seconds_total, belfry_job_info{enabled}, and what is known of the last run after a
// restart.

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "observe/metrics.hpp"
#include "observe/page.hpp"

namespace belfry::observe {
namespace {

using namespace std::chrono_literals;
using test::mentions;

struct Page {
  engine::EventStream events;
  Metrics metrics{{.version = "1", .revision = "a"}, {}, [] { return engine::WallTime{}; }};

  Page() { metrics.subscribe(events); }

  void apply(std::initializer_list<engine::Job> jobs) {
    auto catalog = std::make_shared<engine::Catalog>();
    for (const engine::Job& job : jobs) catalog->jobs.emplace(job.name, std::make_shared<const engine::Job>(job));
    events.publish(engine::CatalogApplied{.catalog = std::move(catalog), .added = {}, .changed = {}, .removed = {}});
  }

  std::optional<double> phase(const std::string& name) const {
    return test::value(metrics.text(),
                       R"(belfry_job_start_delay_phase_seconds_total{job_name="a",phase=")" + name + "\"}");
  }
};

engine::Job dependent() {
  engine::Job job;
  job.name = "a";
  job.depends_on.push_back({.job = "b"});
  return job;
}

ledger::RunStarted late(ledger::RunTrigger trigger) {
  ledger::RunStarted run;
  run.run = 1;
  run.job = "a";
  run.trigger = trigger;
  run.scheduled_at = engine::WallTime(100s);
  run.started_at = engine::WallTime(110s);
  run.waits = {.queue = 4s, .precondition = 2s, .ledger = 1s};
  return run;
}

TEST_CASE("the time between due and running is split by where it went; zeros for where it can go") {
  Page page;
  page.apply({dependent()});
  CHECK(page.phase("admission") == 0.0);
  CHECK(page.phase("launch") == 0.0);
  CHECK_FALSE(page.phase("precondition"));  // it has none
  CHECK_FALSE(page.phase("ledger"));        // nothing of it is made up for
  page.events.publish(late(ledger::RunTrigger::schedule));
  CHECK(page.phase("admission") == 3.0);
  CHECK(page.phase("queue") == 4.0);
  CHECK(page.phase("precondition") == 2.0);
  CHECK(page.phase("ledger") == 1.0);
  ledger::AttemptEnded attempt;
  attempt.run = 1;
  attempt.job = "a";
  attempt.launch = 250ms;
  page.events.publish(attempt);
  CHECK(page.phase("launch") == 0.25);
}

TEST_CASE("a slot that is made up for was not late by the loop; a repetition and an adopted run tell nothing") {
  Page page;
  page.apply({dependent()});
  page.events.publish(late(ledger::RunTrigger::recovery));
  page.events.publish(engine::RunAdopted{.started = late(ledger::RunTrigger::schedule)});
  CHECK(page.phase("queue") == 0.0);
  page.events.publish(late(ledger::RunTrigger::catchup));
  CHECK(page.phase("admission") == 0.0);
  CHECK(page.phase("queue") == 4.0);
}

TEST_CASE("a job that is disabled says so, and is told from one that never fires") {
  Page page;
  engine::Job off = dependent();
  off.name = "off";
  off.enabled = false;
  page.apply({dependent(), off});
  const std::string text = page.metrics.text();
  CHECK(mentions(
      text,
      R"(belfry_job_info{job_name="a",schedule="",timezone="",concurrency_policy="forbid",group="",enabled="true"} 1)"));
  CHECK(mentions(
      text,
      R"(belfry_job_info{job_name="off",schedule="",timezone="",concurrency_policy="forbid",group="",enabled="false"} 1)"));
}

TEST_CASE("how long the last run took is known after a restart") {
  Page page;
  auto past = std::make_shared<ledger::Resume>();
  ledger::JobTotals totals;
  totals.job = "a";
  totals.last_duration = 90s;
  past->jobs.push_back(totals);
  page.events.publish(engine::Resumed{.past = std::move(past)});
  page.apply({dependent()});
  CHECK(test::value(page.metrics.text(), R"(belfry_job_last_duration_seconds{job_name="a"})") == 90.0);
}

}  // namespace
}  // namespace belfry::observe
