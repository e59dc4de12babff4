// The key `sla`.
#include <catch2/catch.hpp>

#include "daemon/config/catalog_builder.hpp"
#include "good_file.hpp"

using namespace belfry::daemon;
using namespace std::chrono_literals;
using testing::job;
using testing::load;
namespace engine = belfry::engine;

TEST_CASE("every check of sla is read, and the engine's job has it") {
  const engine::SlaPolicy wanted{.max_time_since_success = 26h,
                                 .late_after = 5min,
                                 .max_runtime = 1h,
                                 .too_often = engine::StartLimit{.count = 10, .within = 1h},
                                 .duration_regression = 0.5};
  const auto config = load(
      "jobs: {a: {command: x, sla: {max_time_since_success: 26h, late_after: 5m, max_runtime: 1h, "
      "too_often: 10/1h, duration_regression: 50%}}, b: {command: x}}\n");
  const auto catalog = build_timetable(config);
  CHECK(catalog->jobs.at("a")->sla == wanted);
  CHECK(catalog->jobs.at("b")->sla.empty());
}

TEST_CASE("the checks of defaults are kept one by one, and none takes them away") {
  const std::string top = "defaults: {sla: {late_after: 5m, max_runtime: 1h}}\n";
  CHECK(job("every: 1m", top).policies.run.sla == engine::SlaPolicy{.late_after = 5min, .max_runtime = 1h});
  CHECK(job("sla: {late_after: 1m, too_often: 2/1d}", top).policies.run.sla ==
        engine::SlaPolicy{
            .late_after = 1min, .max_runtime = 1h, .too_often = engine::StartLimit{.count = 2, .within = 24h}});
  CHECK(job("sla: {late_after: none}", top).policies.run.sla == engine::SlaPolicy{.max_runtime = 1h});
  CHECK(job("sla: none", top).policies.run.sla.empty());
}

TEST_CASE("a job without sla has the fingerprint that it had before there was one; each check changes it") {
  const std::string plain = fingerprint(job("every: 1m"));
  CHECK(fingerprint(job("every: 1m, sla: none")) == plain);
  std::string last = plain;
  for (const char* sla : {"max_time_since_success: 1h", "late_after: 1h", "max_runtime: 1h", "too_often: 2/1h",
                          "too_often: 3/1h", "too_often: 3/2h", "duration_regression: 20%"}) {
    const std::string now = fingerprint(job("every: 1m, sla: {" + std::string(sla) + "}"));
    CHECK(now != plain);
    CHECK(now != last);
    last = now;
  }
}
