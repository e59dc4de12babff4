// How a flow ends when it is cut short, its finally steps, and what an attempt leaves for the next one.
#include "jobs/flow.hpp"

#include <catch2/catch.hpp>

#include "async/testing.hpp"
#include "async/timeout.hpp"
#include "flow_stage.hpp"

using namespace belfry;
using namespace belfry::test;
using async::Task;
using jobs::FlowSpec;
using ledger::Outcome;
using testing::run_async;

TEST_CASE("cancellation reaches every step and every item; then the finally steps run", "[flow]") {
  Stage stage;
  run_async([&]() -> Task<> {
    FlowSpec spec{.steps = {step(stage, "a", {}, 1h), step(stage, "b", {}, 1h), step(stage, "c", {0}),
                            step(stage, "clean", {}, 3s), step(stage, "blame", {3}), step(stage, "cheer", {4})}};
    spec.steps[1].items = items(3);
    for (std::size_t i = 3; i < 6; ++i) spec.steps[i].finally = true;
    spec.steps[4].condition = condition("failure()");
    spec.steps[5].condition = condition("success()");
    const auto flow = jobs::make_flow(std::move(spec));
    const engine::Attempt attempt{.job = "job", .run = 7, .scheduled_at = {}, .started_at = {}};
    engine::Report report = report_for(stage);
    const auto outcome = co_await async::move_on_after(10s, flow->run(attempt, report));
    CHECK_FALSE(outcome);
  });
  CHECK(std::ranges::count_if(stage.log, [](const auto& each) { return each.ends_with('!'); }) == 4);
  CHECK(stage.place("c+") == -1);
  CHECK(stage.place("clean+") == 8);  // after four began and four were cancelled
  CHECK(stage.place("clean-") > 0);
  CHECK(stage.place("blame-") > 0);
  CHECK(stage.place("cheer+") == -1);
  CHECK(stage.running == 0);
}

TEST_CASE("finally steps run after a failure, each of them, and have a limit of time together", "[flow]") {
  Stage stage;
  stage.failures = {{"a", -1}, {"first", -1}};
  run_async([&]() -> Task<> {
    FlowSpec spec{
        .steps = {step(stage, "a"), step(stage, "first"), step(stage, "second", {1}), step(stage, "long", {2}, 1h)},
        .finally_timeout = 10s};
    for (std::size_t i = 1; i < 4; ++i) spec.steps[i].finally = true;
    const auto ended = co_await play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::failure);
    CHECK_THAT(ended.report.message, Catch::StartsWith("step \"a\" did not end well: exit code 3"));
  });
  CHECK(stage.log == std::vector<std::string>{"a+", "a-", "first+", "first-", "second+", "second-", "long+", "long!"});
}

TEST_CASE("a run that makes room for a newer one ends at once: no finally step", "[flow]") {
  Stage stage;
  run_async([&]() -> Task<> {
    FlowSpec spec{.steps = {step(stage, "a", {}, 1h), step(stage, "clean")}};
    spec.steps[1].finally = true;
    const auto flow = jobs::make_flow(std::move(spec));
    const engine::Attempt attempt{.job = "job", .run = 7, .scheduled_at = {}, .started_at = {}};
    engine::Report report = report_for(stage);
    async::CancelScope scope;
    auto replace = async::spawn(
        [](async::CancelScope& end) -> Task<> {
          co_await async::sleep(1s);
          end.cancel(async::CancelReason::replaced);
        }(scope),
        "replace");
    CHECK_FALSE(co_await scope.run(flow->run(attempt, report)));
    co_await replace;
  });
  CHECK(stage.log == std::vector<std::string>{"a+", "a!"});
}

TEST_CASE("another attempt of the run leaves out what went well, and knows its outputs", "[flow]") {
  const bool from_start = GENERATE(false, true);
  Stage stage;
  stage.prints["a"] = "yes\n";
  stage.failures["b"] = 1;
  run_async([&]() -> Task<> {
    std::any carried;
    for (const Outcome wanted : {Outcome::failure, Outcome::success}) {
      FlowSpec spec{.steps = {step(stage, "a"), step(stage, "b", {0}), step(stage, "c", {0, 1}), step(stage, "clean")},
                    .retry_from_start = from_start};
      spec.steps[0].outputs = {jobs::FlowOutput::make("x", jobs::FlowOutput::How::all).value()};
      spec.steps[2].condition = condition("steps.a.outputs.x == 'yes'");
      spec.steps[3].finally = true;
      const auto ended = co_await play(stage, std::move(spec), &carried);
      CHECK(ended.outcome == wanted);
    }
  });
  const std::string again = from_start ? " a=success" : "";
  CHECK(told(stage) == "a=success b=failure c=skipped clean=success" + again + " b=success c=success clean=success");
}

TEST_CASE("whatever steps print, no more than the budget is kept", "[flow]") {
  Stage stage;
  run_async([&]() -> Task<> {
    FlowSpec spec{.steps = {step(stage, "a")}, .output_budget = 2000};
    spec.steps[0].items = items(50);
    for (int i = 1; i <= 50; ++i) stage.prints["a:" + std::to_string(i)] = std::string(1000, 'x');
    const auto ended = co_await play(stage, std::move(spec));
    const auto& kept = ended.report.standard_output;
    CHECK(kept.head.size() + kept.tail.size() == 2000);
    CHECK(kept.total_bytes > 50'000);
    CHECK(kept.head.starts_with("--- step a (1): success\nxxx"));
  });
}
