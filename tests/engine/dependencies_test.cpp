#include "engine/dependencies.hpp"

#include <catch2/catch.hpp>

#include "engine/noon.hpp"
#include "time/every.hpp"

using namespace belfry::engine;
using namespace std::chrono_literals;
using belfry::ledger::Outcome;
using belfry::test::noon;

namespace {

std::shared_ptr<Job> dependent_job(const std::string& name, std::vector<Dependency> depends_on = {}) {
  auto result = std::make_shared<Job>();
  result->name = name;
  result->depends_on = std::move(depends_on);
  return result;
}

Catalog catalog_of(std::vector<std::shared_ptr<Job>> jobs) {
  Catalog catalog;
  for (const auto& each : jobs) catalog.jobs.emplace(each->name, each);
  return catalog;
}

/// "report" after "extract" and "load".
Dependencies report_after_both() {
  Dependencies dependencies;
  dependencies.set_catalog(
      catalog_of({dependent_job("extract"), dependent_job("load"), dependent_job("report", {{"extract"}, {"load"}})}));
  return dependencies;
}

JobEnd end(Outcome outcome, WallTime at = noon, belfry::ledger::RunId run = 1) {
  return {.run = run, .outcome = outcome, .at = at};
}

}  // namespace

TEST_CASE("the end of a run meets success, failure or done", "[dependencies]") {
  for (const Outcome failed :
       {Outcome::failure, Outcome::timeout, Outcome::killed, Outcome::start_error, Outcome::lost}) {
    CHECK_FALSE(meets(DependencyEnd::success, failed));
    CHECK(meets(DependencyEnd::failure, failed));
    CHECK(meets(DependencyEnd::done, failed));
  }
  CHECK(meets(DependencyEnd::success, Outcome::success));
  CHECK_FALSE(meets(DependencyEnd::failure, Outcome::success));
  CHECK(meets(DependencyEnd::done, Outcome::success));
  CHECK_FALSE(meets(DependencyEnd::success, Outcome::cancelled));
  CHECK_FALSE(meets(DependencyEnd::failure, Outcome::cancelled));
  CHECK(meets(DependencyEnd::done, Outcome::cancelled));
}

TEST_CASE("a job is due when the one before it has succeeded", "[dependencies]") {
  Dependencies dependencies;
  dependencies.set_catalog(catalog_of({dependent_job("a"), dependent_job("b", {{"a"}}), dependent_job("c", {{"a"}})}));
  const std::vector<Round> rounds = dependencies.ended("a", end(Outcome::success, noon, 42));
  REQUIRE(rounds.size() == 2);
  CHECK(rounds[0].job == "b");
  CHECK(rounds[1].job == "c");
  CHECK(rounds[0].met);
  CHECK(rounds[0].cause.run == 42);
  CHECK(rounds[0].cause.at == noon);
  CHECK(dependencies.ended("b", end(Outcome::success)).empty());
}

TEST_CASE("each end of a single upstream is a round", "[dependencies]") {
  Dependencies dependencies;
  dependencies.set_catalog(catalog_of({dependent_job("a"), dependent_job("b", {{"a"}})}));
  CHECK(dependencies.ended("a", end(Outcome::success)).at(0).met);
  CHECK(dependencies.ended("a", end(Outcome::success)).at(0).met);
}

TEST_CASE("a job with two upstreams is due once, when both have ended", "[dependencies]") {
  Dependencies dependencies = report_after_both();
  CHECK(dependencies.ended("extract", end(Outcome::success)).empty());
  CHECK(dependencies.dump("report") == "waits for load; extract ended with success");
  const std::vector<Round> rounds = dependencies.ended("load", end(Outcome::success, noon + 1min, 2));
  REQUIRE(rounds.size() == 1);
  CHECK(rounds[0].met);
  CHECK(rounds[0].cause.run == 2);
  CHECK(dependencies.dump("report") == "waits for extract, load");
  CHECK(dependencies.ended("load", end(Outcome::success)).empty());
}

TEST_CASE("an upstream that ends twice before the other has ended once, as it did last", "[dependencies]") {
  Dependencies dependencies = report_after_both();
  CHECK(dependencies.ended("extract", end(Outcome::failure)).empty());
  CHECK(dependencies.ended("extract", end(Outcome::success)).empty());
  CHECK(dependencies.ended("load", end(Outcome::success)).at(0).met);
  CHECK(dependencies.ended("extract", end(Outcome::success)).empty());
  CHECK(dependencies.ended("extract", end(Outcome::timeout)).empty());
  CHECK_FALSE(dependencies.ended("load", end(Outcome::success)).at(0).met);
}

TEST_CASE("a round in which one failed is skipped, says why, and leaves nothing behind", "[dependencies]") {
  Dependencies dependencies = report_after_both();
  CHECK(dependencies.ended("extract", end(Outcome::failure)).empty());
  const Round skipped = dependencies.ended("load", end(Outcome::success)).at(0);
  CHECK_FALSE(skipped.met);
  CHECK(skipped.job == "report");
  CHECK(skipped.why == "extract ended with failure, success is needed");
  CHECK(dependencies.ended("extract", end(Outcome::success)).empty());  // last night's load does not count tonight
  CHECK(dependencies.ended("load", end(Outcome::success)).at(0).met);
}

TEST_CASE("conditions differ by upstream", "[dependencies]") {
  Dependencies dependencies;
  dependencies.set_catalog(
      catalog_of({dependent_job("a"), dependent_job("b"),
                  dependent_job("alarm", {{"a", DependencyEnd::failure}, {"b", DependencyEnd::done}})}));
  dependencies.ended("a", end(Outcome::killed));
  CHECK(dependencies.ended("b", end(Outcome::cancelled)).at(0).met);
  dependencies.ended("b", end(Outcome::success));
  CHECK(dependencies.ended("a", end(Outcome::success)).at(0).why == "a ended with success, failure is needed");
}

TEST_CASE("disabled jobs, jobs with a trigger and jobs without dependencies are not driven", "[dependencies]") {
  auto disabled = dependent_job("disabled", {{"a"}});
  disabled->enabled = false;
  auto gated = dependent_job("gated", {{"a"}});
  gated->trigger = std::make_shared<belfry::time::EveryTrigger>(1min);
  Dependencies dependencies;
  dependencies.set_catalog(catalog_of({dependent_job("a"), disabled, gated}));
  CHECK(dependencies.ended("a", end(Outcome::success)).empty());
  CHECK(dependencies.dump("gated").empty());
}

TEST_CASE("a gated job's slot goes on when the last run of each upstream ended as it must", "[dependencies]") {
  const auto gated = dependent_job("gated", {{"a"}, {"b", DependencyEnd::done}});
  std::map<std::string, JobEnd, std::less<>> last{{"b", end(Outcome::failure)}};
  const LastEnd last_end = [&last](std::string_view name) -> std::optional<JobEnd> {
    const auto found = last.find(name);
    if (found == last.end()) return std::nullopt;
    return found->second;
  };
  CHECK(objection_to(*gated, last_end) == "a never ran");
  last.insert_or_assign("a", end(Outcome::timeout));
  CHECK(objection_to(*gated, last_end) == "a ended with timeout, success is needed");
  last.insert_or_assign("a", end(Outcome::success));
  CHECK_FALSE(objection_to(*gated, last_end));
  CHECK_FALSE(objection_to(*dependent_job("free"), last_end));
}

TEST_CASE("a reload keeps the round of a job that waits for the same as before", "[dependencies]") {
  Dependencies dependencies = report_after_both();
  dependencies.ended("extract", end(Outcome::success));
  dependencies.set_catalog(
      catalog_of({dependent_job("extract"), dependent_job("load"), dependent_job("new", {{"extract"}}),
                  dependent_job("report", {{"extract"}, {"load"}})}));
  const std::vector<Round> rounds = dependencies.ended("load", end(Outcome::success));
  REQUIRE(rounds.size() == 1);
  CHECK(rounds[0].job == "report");
}

TEST_CASE("a reload that changes the dependencies begins a new round", "[dependencies]") {
  Dependencies dependencies = report_after_both();
  dependencies.ended("extract", end(Outcome::success));
  dependencies.set_catalog(catalog_of({dependent_job("extract"), dependent_job("load"),
                                       dependent_job("report", {{"extract", DependencyEnd::done}, {"load"}})}));
  CHECK(dependencies.ended("load", end(Outcome::success)).empty());
  CHECK(dependencies.ended("extract", end(Outcome::success)).at(0).met);
}

TEST_CASE("a restart finds the round as it was", "[dependencies]") {
  const WallTime last_slot = noon;
  std::map<std::string, JobEnd, std::less<>> last{{"extract", end(Outcome::success, noon + 1min, 8)},
                                                  {"load", end(Outcome::success, noon, 7)}};
  const LastEnd last_end = [&last](std::string_view name) -> std::optional<JobEnd> { return last.find(name)->second; };
  Dependencies dependencies = report_after_both();
  SECTION("only what ended since the last slot is in it") {
    CHECK_FALSE(dependencies.restore("report", last_slot, last_end));
    CHECK(dependencies.dump("report") == "waits for load; extract ended with success");
    CHECK(dependencies.ended("load", end(Outcome::success)).at(0).met);
  }
  SECTION("a round that was complete when the daemon died is decided now") {
    last.insert_or_assign("load", end(Outcome::success, noon + 2min, 9));
    const std::optional<Round> round = dependencies.restore("report", last_slot, last_end);
    REQUIRE(round);
    CHECK(round->met);
    CHECK(round->cause.run == 9);
  }
  SECTION("a job that is not driven has none") { CHECK_FALSE(dependencies.restore("load", last_slot, last_end)); }
}
