#include "nap.hpp"

#include <catch2/catch.hpp>

#include "async/testing.hpp"
#include "daemon/config/catalog_builder.hpp"
#include "jobs/action_registry.hpp"

using namespace belfry;

namespace {

daemon::LoadResult load(const std::string& nap) {
  auto actions = jobs::ActionRegistry::with_builtins();
  actions.add(jobs::nap_kind());
  return daemon::parse_config("jobs: {rest: {nap: " + nap + "}}", "test", "/", {.actions = &actions, .started = {}});
}

std::string mistake(const std::string& nap) { return daemon::format_error(load(nap).error().at(0)); }

}  // namespace

TEST_CASE("a nap is declared by a text or a map, and its mistakes are told by their place") {
  CHECK(load("5s").has_value());
  CHECK(load("{for: 5s, tell: false}").has_value());
  CHECK_THAT(mistake("2h"), Catch::Contains("test:1:20: jobs.rest.nap: for wants a duration from 1ms to 1h"));
  CHECK_THAT(mistake("{for: 5s, tel: false}"), Catch::Contains("did you mean \"tell\"?"));
}

TEST_CASE("a nap takes as long as it should, on a clock that the test sets") {
  const auto made = make_action(jobs::nap_kind(), {.kind = "nap", .form = {}, .parameters = {{"for", "1h"}}}, {});
  REQUIRE(made);
  testing::run_async([action = *made]() -> async::Task<> {
    engine::Report report;
    const engine::Attempt attempt{.job = "rest", .scheduled_at = {}, .started_at = {}};
    const auto outcome = co_await action->run(attempt, report);
    CHECK(outcome == ledger::Outcome::success);
    CHECK(report.message == "slept for 1h");
  });
}
