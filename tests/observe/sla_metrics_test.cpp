// What /metrics says of the checks of `sla`.

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "observe/metrics.hpp"
#include "observe/page.hpp"

namespace belfry::observe {
namespace {

using namespace std::chrono_literals;
using test::mentions;

std::shared_ptr<const engine::Job> watched_job(const std::string& name, const engine::SlaPolicy& sla) {
  auto made = std::make_shared<engine::Job>();
  made->name = name;
  made->sla = sla;
  return made;
}

TEST_CASE("the checks that a job declares are there as zeros; a breach is counted, and lasts until it is met") {
  engine::EventStream events;
  Metrics metrics({.version = "1", .revision = "a"}, {}, [] { return engine::WallTime{}; });
  metrics.subscribe(events);
  auto catalog = std::make_shared<engine::Catalog>();
  catalog->jobs.emplace("watched", watched_job("watched", {.late_after = 5min, .max_runtime = 1h}));
  catalog->jobs.emplace("backup", watched_job("backup", {}));
  events.publish(engine::CatalogApplied{.catalog = std::move(catalog), .added = {}, .changed = {}, .removed = {}});
  const auto figure = [&](const std::string& name, const std::string& check) {
    return test::value(metrics.text(), name + R"({job_name="watched",check=")" + check + "\"}");
  };
  const auto late = [&](const char* check) { return figure("belfry_job_late", check); };
  const auto breaches = [&](const char* check) { return figure("belfry_job_sla_breaches_total", check); };
  CHECK(late("late_after") == 0.0);
  CHECK(breaches("max_runtime") == 0.0);
  CHECK_FALSE(late("too_often"));
  CHECK_FALSE(mentions(metrics.text(), R"(belfry_job_late{job_name="backup")"));
  engine::SlaFinding finding;
  finding.job = "watched";
  finding.check = engine::SlaCheck::late_after;
  events.publish(engine::SlaBreached{finding});
  CHECK(late("late_after") == 1.0);
  CHECK(late("max_runtime") == 0.0);
  CHECK(breaches("late_after") == 1.0);
  events.publish(engine::SlaMet{finding});
  CHECK(late("late_after") == 0.0);
  CHECK(breaches("late_after") == 1.0);
  finding.job = "gone";
  events.publish(engine::SlaBreached{finding});  // a job that a reload has removed
  CHECK_FALSE(mentions(metrics.text(), "gone"));
}

}  // namespace
}  // namespace belfry::observe
