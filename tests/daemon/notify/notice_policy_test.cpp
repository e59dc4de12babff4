// Who is told of what, by an engine on the manual clock.
#include "daemon/notify/notice_policy.hpp"

#include <map>

#include "support/async_fixture.hpp"
#include "told_bed.hpp"

using namespace belfry;
using namespace belfry::test;
using daemon::NoticePolicy;
using daemon::Told;
using testing::run_async;

namespace {

struct PolicyBed {
  TestBed engine;
  NoticePolicy policy{"db1"};
  std::vector<Told> told;
  std::map<std::string, std::uint64_t> suppressed;

  explicit PolicyBed(const std::string& config) {
    policy.apply(plan(config));
    engine.events.subscribe([this](const engine::Event& event) {
      for (Told& each : policy.on(event, async::Loop::current().now_ns())) told.push_back(std::move(each));
      for (const auto& [channel, count] : policy.take_suppressed()) suppressed[channel] += count;
    });
  }

  /// "ops:failure ops:recovery".
  std::string heard() const {
    std::string text;
    for (const Told& each : told) text += (text.empty() ? "" : " ") + each.channel + ":" + each.notice.event;
    return text;
  }
};

const std::string two_channels = "notify: {ops: {webhook: {url: 'http://a'}}, boss: {webhook: {url: 'http://b'}}}\n";

std::string config_with(const std::string& rules, const std::string& channels = two_channels) {
  return channels + "jobs: {a: {every: 1m, command: x, notify: " + rules + "}, b: {every: 1m, command: x}}\n";
}

std::string one_channel(const std::string& keys) {
  return "notify: {ops: {webhook: {url: 'http://a'}, " + keys + "}}\n";
}

/// What channels hear while the job ends like this, once a minute.
std::string heard(const std::string& text, std::vector<Outcome> outcomes) {
  std::string result;
  run_async([&]() -> async::Task<> {
    PolicyBed bed(text);
    const auto minutes = outcomes.size();
    co_await bed.engine.serve_for(catalog({job_that_ends("a", std::move(outcomes)), job_that_ends("b", {bad})}),
                                  minutes * 1min);
    result = bed.heard();
  });
  return result;
}

}  // namespace

TEST_CASE("each event is told to the channels that asked for it, and of jobs that did not ask nothing is") {
  CHECK(heard(config_with("{on_failure: [ops, boss]}"), {bad, bad, good}) ==
        "ops:failure boss:failure ops:failure boss:failure");
  CHECK(heard(config_with("{on_success: boss}"), {bad, good, good}) == "boss:success boss:success");
  CHECK(heard(config_with("{on_failure: ops, on_recovery: ops}"), {good, bad, bad, good, good}) ==
        "ops:failure ops:failure ops:recovery");
  CHECK(heard(config_with("{on_failure: ops}"), {Outcome::start_error, Outcome::killed}) == "ops:failure ops:failure");
  CHECK(heard(config_with("{on_failure: ops, on_success: ops}"), {Outcome::cancelled}).empty());
}

TEST_CASE("a recovery is told instead of a success, once to a channel") {
  CHECK(heard(config_with("{on_success: ops, on_recovery: [ops, boss]}"), {bad, good, good}) ==
        "ops:recovery boss:recovery ops:success");
}

TEST_CASE("first_failure_only: of failures in a row the first one is told, and what is kept back is counted") {
  run_async([]() -> async::Task<> {
    PolicyBed bed(config_with("{on_failure: ops, on_recovery: ops}", one_channel("first_failure_only: true")));
    co_await bed.engine.serve_for(catalog({job_that_ends("a", {bad, bad, bad, good, bad, good})}), 6min);
    CHECK(bed.heard() == "ops:failure ops:recovery ops:failure ops:recovery");
    CHECK(bed.suppressed.at("ops") == 2);
    CHECK(bed.told.at(1).notice.failures == 3);
  });
}

TEST_CASE("first_failure_only: a channel that comes while failures go on is told of the next one") {
  run_async([]() -> async::Task<> {
    const std::string channels =
        "notify: {ops: {webhook: {url: 'http://a'}}, boss: {webhook: {url: 'http://b'}, first_failure_only: true}}\n";
    PolicyBed bed(config_with("{on_failure: ops, on_recovery: [ops, boss]}", channels));
    bed.engine.events.publish(run_ended("a", bad));
    bed.policy.apply(plan(config_with("{on_failure: [ops, boss], on_recovery: [ops, boss]}", channels)));
    for (const auto outcome : {bad, bad, good}) bed.engine.events.publish(run_ended("a", outcome));
    CHECK(bed.heard() == "ops:failure ops:failure boss:failure ops:failure ops:recovery boss:recovery");
    co_return;
  });
}

TEST_CASE("who has heard one failure knows of them, whatever became of the others, and the end of an old row is past") {
  NoticePolicy policy("db1");
  policy.apply(plan(config_with("{on_failure: ops, on_recovery: ops}")));
  const auto told = [&policy](Outcome outcome) { return policy.on(run_ended("a", outcome), 0); };
  const auto first = told(bad);
  const auto second = told(bad);
  policy.ended("ops", first.at(0).notice, true);
  policy.ended("ops", second.at(0).notice, false);
  CHECK(told(good).size() == 1);
  const auto third = told(bad);
  policy.ended("ops", second.at(0).notice, true);  // of the row before
  policy.ended("ops", third.at(0).notice, false);
  CHECK(told(good).empty());
  told(bad);
  const auto newer = told(bad);
  policy.ended("ops", newer.at(0).notice, false);  // the one before gave it its place
  CHECK(told(good).empty());
}

TEST_CASE("cooldown: the same event of the same job is told once in its time, with the number of those kept back") {
  run_async([]() -> async::Task<> {
    PolicyBed bed(config_with("{on_failure: ops}", one_channel("cooldown: 3m")));
    co_await bed.engine.serve_for(catalog({job_that_ends("a", {bad})}), 7min);
    REQUIRE(bed.heard() == "ops:failure ops:failure ops:failure");  // of 1, 4 and 7 minutes
    CHECK(bed.told.at(0).notice.repeated == 0);
    CHECK(bed.told.at(1).notice.repeated == 2);
    CHECK(bed.told.at(2).notice.repeated == 2);
    CHECK(bed.suppressed.at("ops") == 4);
  });
}

TEST_CASE("cooldown: who heard of a failure hears that it is over, and who did not is spared both") {
  const auto text = config_with("{on_failure: ops, on_recovery: ops}", one_channel("cooldown: 1h"));
  CHECK(heard(text, {bad, good}) == "ops:failure ops:recovery");
  CHECK(heard(text, {bad, good, bad, good, bad, good}) == "ops:failure ops:recovery");
}

TEST_CASE("giving up after retries is told to its channels, and in the place of the failure") {
  run_async([]() -> async::Task<> {
    PolicyBed bed(config_with("{on_failure: [ops, boss], on_give_up: [boss]}"));
    Job flaky = job_that_ends("a", {bad});
    flaky.retry.limit = 2;
    flaky.retry.delay = 1s;
    std::vector<Job> jobs;
    jobs.push_back(std::move(flaky));
    co_await bed.engine.serve_for(catalog(std::move(jobs)), 1min + 30s);
    CHECK(bed.heard() == "ops:failure boss:give_up");
    CHECK(summary(bed.told.at(1).notice) == "a failed for good on db1: exit code 3, after 3 tries");
  });
}

TEST_CASE("missed slots are told once for all that one entry closes") {
  run_async([]() -> async::Task<> {
    PolicyBed bed(config_with("{on_missed: ops}"));
    const WallTime noon = async::Loop::current().wall_now();
    bed.engine.events.publish(ledger::SlotClosed{.job = "a",
                                                 .scheduled_at = noon,
                                                 .last_scheduled_at = noon + 4min,
                                                 .count = 5,
                                                 .result = ledger::SlotResult::missed,
                                                 .reason = ledger::SlotReason::down,
                                                 .run = std::nullopt,
                                                 .closed_at = noon + 5min});
    bed.engine.events.publish(ledger::SlotClosed{.job = "a",
                                                 .scheduled_at = noon,
                                                 .last_scheduled_at = noon,
                                                 .result = ledger::SlotResult::skipped,
                                                 .reason = ledger::SlotReason::paused,
                                                 .run = std::nullopt,
                                                 .closed_at = noon});
    REQUIRE(bed.heard() == "ops:missed");
    CHECK(summary(bed.told.at(0).notice) == "a missed 5 slots on db1: down");
    co_return;
  });
}

TEST_CASE("what an earlier daemon saw fail recovers under this one") {
  run_async([]() -> async::Task<> {
    PolicyBed bed(config_with("{on_failure: ops, on_recovery: ops}"));
    ledger::Resume past;
    ledger::JobTotals totals;
    totals.job = "a";
    totals.consecutive_failures = 4;
    past.jobs.push_back(totals);
    bed.engine.events.publish(engine::Resumed{std::make_shared<const ledger::Resume>(past)});
    co_await bed.engine.serve_for(catalog({job_that_ends("a", {good})}), 1min);
    REQUIRE(bed.heard() == "ops:recovery");
    CHECK(summary(bed.told.at(0).notice) == "a succeeded again on db1 after 4 failures");
  });
}

TEST_CASE("a reload keeps what was told; a job that is told of no more is forgotten") {
  run_async([]() -> async::Task<> {
    const auto text = config_with("{on_failure: ops, on_recovery: ops}", one_channel("cooldown: 1h"));
    PolicyBed bed(text);
    co_await bed.engine.serve_for(catalog({job_that_ends("a", {bad})}), 1min);
    bed.policy.apply(plan(text));
    const ledger::RunEnded again = run_ended("a", bad);
    bed.engine.events.publish(again);
    CHECK(bed.heard() == "ops:failure");
    bed.policy.apply(plan(two_channels + "jobs: {a: {every: 1m, command: x}}\n"));
    bed.engine.events.publish(again);
    bed.policy.apply(plan(text));
    bed.engine.events.publish(again);
    CHECK(bed.heard() == "ops:failure ops:failure");
    CHECK(bed.told.at(1).notice.failures == 1);
  });
}

TEST_CASE("the end of the output is told to channels that ask for it, each as much as it asks for") {
  run_async([]() -> async::Task<> {
    PolicyBed bed(config_with(
        "{on_failure: [ops, boss]}",
        "notify: {ops: {webhook: {url: 'http://a'}, send_output: 8}, boss: {webhook: {url: 'http://b'}}}\n"));
    co_await bed.engine.serve_for(catalog({job_that_ends("a", {bad})}), 1min);
    REQUIRE(bed.heard() == "ops:failure boss:failure");
    CHECK(bed.told.at(0).notice.output == "printed\n");
    CHECK(bed.told.at(1).notice.output.empty());
  });
}

TEST_CASE("a breach of the sla is told with what was measured, to those who want to hear of it") {
  NoticePolicy policy("db1");
  policy.apply(plan(config_with("{on_late: [boss], on_failure: [ops]}")));
  engine::SlaBreached breach;
  breach.job = "a";
  breach.check = engine::SlaCheck::late_after;
  breach.limit = 5min;
  breach.value = 6min;
  const auto told = policy.on(breach, 0);
  REQUIRE(told.size() == 1);
  CHECK(told.at(0).channel == "boss");
  CHECK(told.at(0).notice.event == "late");
  CHECK(told.at(0).notice.reason == "late_after");
  CHECK(daemon::summary(told.at(0).notice) == "a breaches its sla on db1: " + engine::describe(breach));
  breach.job = "b";
  CHECK(policy.on(breach, 0).empty());
}

TEST_CASE("a step that waits for an approval is told to those who want to hear of it, each time") {
  NoticePolicy policy("db1");
  policy.apply(
      plan(one_channel("cooldown: 1h") + "jobs: {a: {command: x, notify: {on_approval: ops}}, b: {command: x}}\n"));
  engine::ApprovalAsked asked{
      .run = 7, .job = "a", .question = {.step = "gate", .message = "Deploy?", .since = {}, .until = {}}};
  for (int i = 0; i < 2; ++i) {
    const auto told = policy.on(asked, 0);
    REQUIRE(told.size() == 1);
    CHECK(told.at(0).channel == "ops");
    CHECK(daemon::summary(told.at(0).notice) ==
          "a waits for an approval of step gate on db1: Deploy? (belfry approve 7 gate)");
    CHECK(daemon::fact(told.at(0).notice, "event") == "approval");
    CHECK(daemon::fact(told.at(0).notice, "reason") == "gate");
  }
  asked.job = "b";
  CHECK(policy.on(asked, 0).empty());
}
