#include "observe/exemplar.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <utility>

#include "observe/metrics.hpp"
#include "observe/metrics_page.hpp"
#include "observe/page.hpp"

namespace belfry::observe {
namespace {

TEST_CASE("an exemplar is whole or not there, however often it is replaced meanwhile") {
  ExemplarCell cell;
  CHECK_FALSE(cell.get().has_value());
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (std::int64_t i = 1; i <= 200'000; ++i) {
      const auto number = static_cast<double>(i);
      cell.set({.run = i, .value = number, .at = number});
    }
    done = true;
  });
  std::int64_t mixed = 0;
  std::int64_t newest = 0;
  std::int64_t older = 0;
  while (!done) {
    const std::optional<Exemplar> seen = cell.get();
    if (!seen) continue;
    if (seen->value != static_cast<double>(seen->run) || seen->at != seen->value) ++mixed;
    if (seen->run < newest) ++older;
    newest = seen->run;
  }
  writer.join();
  CHECK(mixed == 0);
  CHECK(older == 0);
  CHECK(cell.get().value().run == 200'000);
}

TEST_CASE("as OpenMetrics, each bucket of durations names the newest run in it") {
  using namespace std::chrono_literals;
  engine::WallTime now{10000s};
  Metrics metrics({.version = "1", .revision = "a"}, now, [&] { return now; });
  auto catalog = std::make_shared<engine::Catalog>();
  auto job = std::make_shared<engine::Job>();
  job->name = "backup";
  catalog->jobs.emplace(job->name, job);
  metrics.observe(engine::CatalogApplied{.catalog = std::move(catalog), .added = {}, .changed = {}, .removed = {}});
  for (const auto& [run, took] : {std::pair<ledger::RunId, std::chrono::nanoseconds>(7, 5s), {8, 6s}, {9, 20s}}) {
    ledger::RunStarted started;
    started.run = run;
    started.job = "backup";
    started.started_at = now;
    metrics.observe(started);
    now += took;
    ledger::RunEnded ended;
    ended.run = run;
    ended.job = "backup";
    ended.started_at = started.started_at;
    ended.ended_at = now;
    ended.outcome = ledger::Outcome::success;
    metrics.observe(ended);
  }
  const std::string page = metrics_page(metrics.sources(), PageFormat::open_metrics, false);
  const std::string bucket = R"(belfry_job_duration_seconds_bucket{job_name="backup",le=)";
  CHECK(test::mentions(page, bucket + "\"1.0\"} 0\n"));
  CHECK(test::mentions(page, bucket + "\"10.0\"} 2 # {run=\"8\"} 6 10011\n"));
  CHECK(test::mentions(page, bucket + "\"60.0\"} 3 # {run=\"9\"} 20 10031\n"));
  CHECK_FALSE(test::mentions(metrics.text(), " # {"));
}

}  // namespace
}  // namespace belfry::observe
