// What a simulation counts: the real engine on virtual time.
#include "daemon/simulate/simulate.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "daemon/simulate/simulation_view.hpp"

using namespace belfry;
using namespace belfry::daemon;
using namespace std::chrono_literals;
using ledger::SlotReason;
using ledger::SlotResult;

namespace {

const WallTime start = std::chrono::sys_days(std::chrono::year{2026} / 1 / 1);

Config config(const std::string& jobs) {
  auto result = parse_config("timezone: UTC\njobs:\n" + jobs, "test.yaml", "/etc", {.started = start});
  if (!result) FAIL(format_errors(result.error()));
  return std::move(*result);
}

std::shared_ptr<const Samples> takes(const std::string& job, Duration span) {
  Samples samples;
  samples[job].assumed = span;
  return std::make_shared<const Samples>(std::move(samples));
}

Simulation run(const std::string& jobs, Duration span, std::shared_ptr<const Samples> samples = nullptr,
               std::uint64_t seed = 1) {
  return simulate(config(jobs), {.from = start, .to = start + span, .samples = std::move(samples), .seed = seed});
}

}  // namespace

TEST_CASE("the span holds its first instant and not its last", "[simulate]") {
  const Simulation day = run("  a: {command: x, schedule: '* * * * *'}\n", 24h);
  const JobTally& a = day.tally.jobs.at("a");
  CHECK(a.slots == 1440);
  CHECK(a.runs == 1440);
  CHECK(a.count(SlotResult::started) == 1440);
  CHECK(a.waited == 0);
  CHECK(day.until == start + 24h);
  CHECK(day.tally.running.most == 1);
  CHECK(day.tally.running.at == start);
}

TEST_CASE("runs that take too long are overlaps: skipped, queued or beside each other, by the policy", "[simulate]") {
  SECTION("forbid") {
    const Simulation day = run("  a: {command: x, every: 1m}\n", 24h, takes("a", 90s));
    const JobTally& a = day.tally.jobs.at("a");
    CHECK(a.runs == 720);
    CHECK(a.count(SlotResult::skipped, SlotReason::overlap) == 720);
    CHECK(a.busy == 720 * 90s);
  }
  SECTION("queue") {
    const Simulation day =
        run("  a: {command: x, every: 1m, concurrency_policy: queue, queue_limit: 3}\n", 24h, takes("a", 90s));
    const JobTally& a = day.tally.jobs.at("a");
    CHECK(a.runs == 960);  // one after the other, without a gap
    CHECK(a.cut_off == 1);
    CHECK(a.queued.most == 3);
    CHECK(a.waited == 959);
    CHECK(a.longest_wait > 4min);
    CHECK(a.slots == 1440 - 3);  // three wait when the span is over
    CHECK(day.tally.queued.most == 3);
  }
  SECTION("allow") {
    const Simulation day = run("  a: {command: x, every: 1m, concurrency_policy: allow}\n", 1h, takes("a", 150s));
    CHECK(day.tally.jobs.at("a").running.most == 3);
    CHECK(day.tally.running.at == start + 2min);
  }
}

TEST_CASE("missed starting deadlines are counted", "[simulate]") {
  const Simulation day =
      run("  a: {command: x, every: 1m, concurrency_policy: queue, queue_limit: 100, starting_deadline: 2m}\n", 6h,
          takes("a", 90s));
  CHECK(day.tally.jobs.at("a").count(SlotResult::skipped, SlotReason::deadline) > 50);
}

TEST_CASE("recorded runs are drawn by the seed, with their outcomes, whatever the order", "[simulate]") {
  Samples samples;
  samples["a"].recorded = {{.span = 1s}, {.span = 10s}, {.span = 20s, .outcome = ledger::Outcome::failure}};
  const auto recorded = std::make_shared<const Samples>(std::move(samples));
  const std::string jobs = "  a: {command: x, every: 1m, retries: 3}\n";
  const Simulation one = run(jobs, 24h, recorded);
  const Simulation again = run(jobs, 24h, recorded);
  const Simulation other = run(jobs, 24h, recorded, 2);
  const JobTally& a = one.tally.jobs.at("a");
  CHECK(a.runs == 1440);  // no retry is made: recorded runs have theirs in them
  CHECK((a.failed > 350 && a.failed < 610));
  CHECK(a.busy == again.tally.jobs.at("a").busy);
  CHECK(a.busy != other.tally.jobs.at("a").busy);
}

TEST_CASE("it ends early behind too many slots, and says so", "[simulate]") {
  const Simulation cut = simulate(config("  a: {command: x, every: 1s}\n"),
                                  {.from = start, .to = start + 24h, .samples = nullptr, .most_slots = 1000});
  CHECK(cut.until < start + 20min);
  CHECK(cut.tally.slots >= 1000);
  const auto said = remarks(cut, time::Zone());
  CHECK(std::ranges::any_of(said, [](const std::string& line) { return line.starts_with("It ended early"); }));
  CHECK(
      std::ranges::any_of(said, [](const std::string& line) { return line.starts_with("No run is on record of a"); }));
}

TEST_CASE("holidays, disabled jobs and jobs by hand are as in the daemon", "[simulate]") {
  const Simulation week =
      run("  a: {command: x, schedule: '0 2 * * *', except: thu}\n  b: {command: x, every: 1h, enabled: false}\n"
          "  c: {command: x}\n",
          24h * 7);
  CHECK(week.tally.jobs.at("a").runs == 6);
  CHECK(week.tally.jobs.at("b").slots == 0);
  CHECK(week.tally.jobs.at("c").slots == 0);
  const auto document = view(week);
  CHECK(document.at("jobs").size() == 3);
  CHECK(document.at("total").at("runs") == 6);
  CHECK(document.at("jobs")[0].at("durations") == "unknown");
}

TEST_CASE("a month of a job each minute", "[simulate]") {
  const Simulation month = run("  a: {command: x, schedule: '* * * * *'}\n", 24h * 31, takes("a", 20s));
  CHECK(month.tally.jobs.at("a").runs == 44'640);
}
