// Steps of a flow that wait for a person: what becomes of them and of the steps behind them.
#include <catch2/catch.hpp>

#include "async/testing.hpp"
#include "async/timeout.hpp"
#include "engine/approvals.hpp"
#include "engine/recording_ledger.hpp"
#include "flow_stage.hpp"

using namespace belfry;
using namespace belfry::test;
using async::Task;
using jobs::ApprovalTimeout;
using jobs::FlowSpec;
using ledger::Outcome;
using testing::run_async;

namespace {

/// A run whose steps may ask, and a person who answers.
struct Desk {
  RecordingLedger ledger;
  engine::EventStream events;
  engine::Recorder recorder{ledger, events, nullptr};
  engine::ActiveRun run{.run = 7, .job = "job", .scheduled_at = {}, .started_at = {}, .retry_at = {}, .progress = {}};
  engine::Approvals approvals{run, recorder};
  std::vector<std::string> settled;  // "gate: approved by alice (uid 1000)", "gate: nobody"

  Desk() {
    events.subscribe([this](const engine::Event& event) {
      const auto* const end = std::get_if<engine::ApprovalSettled>(&event);
      if (end != nullptr) settled.push_back(end->step + ": " + (end->answer ? describe(*end->answer) : "nobody"));
    });
  }

  std::string say(const std::string& step, bool approved, const std::string& comment = "") {
    const auto done = approvals.decide(step, {.approved = approved, .by = "alice", .uid = 1000, .comment = comment});
    return done ? *done : done.error().message;
  }

  async::JoinHandle<void> answers_after(async::Duration span, const std::string& step, bool approved) {
    return async::spawn(
        [](Desk& desk, async::Duration wait, std::string whom, bool yes) -> Task<> {
          co_await async::sleep(wait);
          desk.say(whom, yes, "fine");
        }(*this, span, step, approved),
        "person");
  }

  Task<Ended> play(Stage& stage, FlowSpec spec, std::any* carried = nullptr) {
    const auto flow = jobs::make_flow(std::move(spec));
    const engine::Attempt attempt{
        .job = "job", .run = 7, .scheduled_at = {}, .started_at = {}, .approvals = &approvals, .carried = carried};
    Ended ended{.report = report_for(stage)};
    ended.outcome = co_await flow->run(attempt, ended.report);
    co_return ended;
  }
};

jobs::FlowStep gate(const std::string& id, std::vector<std::size_t> needs, ApprovalTimeout late = ApprovalTimeout::fail,
                    std::optional<async::Duration> timeout = {}) {
  jobs::FlowStep made;
  made.id = id;
  made.needs = std::move(needs);
  made.approval = late;
  made.timeout = timeout;
  made.make = [id, timeout](const jobs::FlowText::ValueOf&,
                            const jobs::Variables&) -> std::expected<jobs::ActionPointer, std::string> {
    return jobs::make_approval({.step = id, .message = "go\non?\n", .timeout = timeout});
  };
  return made;
}

jobs::FlowStep on(jobs::FlowStep step, const std::string& text) {
  step.condition = condition(text);
  return step;
}

}  // namespace

TEST_CASE("what needs an approval waits for it, and knows who gave it", "[flow][approval]") {
  Stage stage;
  run_async([&]() -> Task<> {
    Desk desk;
    FlowSpec spec{.steps = {step(stage, "a"), gate("gate", {0}), step(stage, "b", {1}),
                            on(step(stage, "c", {1}), "steps.gate.outputs.who == 'alice'")}};
    spec.steps[1].outputs = {jobs::FlowOutput::make("who", jobs::FlowOutput::How::variable, "by").value()};
    const auto person = desk.answers_after(1h, "gate", true);
    const auto ended = co_await desk.play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::success);
    CHECK(told(stage) == "a=success gate=success b=success c=success");
    CHECK(stage.steps[1].message == "approved by alice (uid 1000): fine");
    CHECK(stage.steps[1].ended_at - stage.steps[1].started_at == 1h - 1s);
    CHECK_THAT(ended.report.standard_output.head,
               Catch::Contains("decision=approved\nby=alice\nuid=1000\ncomment=fine\n"));
    CHECK(desk.run.approvals.empty());
  });
}

TEST_CASE("a rejection is a failure that no attempt repeats; conditions and finally steps see it", "[flow][approval]") {
  Stage stage;
  run_async([&]() -> Task<> {
    Desk desk;
    FlowSpec spec{.steps = {gate("gate", {}), step(stage, "deploy", {0}), on(step(stage, "undo", {0}), "failure(gate)"),
                            on(step(stage, "late", {0}), "steps.gate.outcome == 'timeout'"), step(stage, "clean")}};
    spec.steps[4].finally = true;
    const auto person = desk.answers_after(1min, "gate", false);
    const auto ended = co_await desk.play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::failure);
    CHECK(ended.report.for_good);
    CHECK_THAT(ended.report.message,
               Catch::StartsWith("step \"gate\" did not end well: rejected by alice (uid 1000): fine"));
    CHECK(told(stage) == "gate=failure deploy=skipped late=skipped undo=success clean=success");
  });
}

TEST_CASE("a rejection that may be does not keep another failure from being tried again", "[flow][approval]") {
  Stage stage;
  stage.failures["b"] = -1;
  run_async([&]() -> Task<> {
    Desk desk;
    FlowSpec spec{.steps = {gate("gate", {}), step(stage, "b")}};
    spec.steps[0].continue_on_error = true;
    const auto person = desk.answers_after(1min, "gate", false);
    const auto ended = co_await desk.play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::failure);
    CHECK_FALSE(ended.report.for_good);
  });
}

TEST_CASE("when nobody decides in time the step fails, is skipped, or is taken for approved", "[flow][approval]") {
  const auto [late, outcome, wanted, message] = GENERATE(table<ApprovalTimeout, Outcome, std::string, std::string>(
      {{ApprovalTimeout::fail, Outcome::failure, "gate=timeout b=skipped", "nobody decided within 1h"},
       {ApprovalTimeout::skip, Outcome::success, "gate=skipped b=skipped", "skipped: nobody decided within 1h"},
       {ApprovalTimeout::approve, Outcome::success, "gate=success b=success", "nobody decided within 1h"}}));
  Stage stage;
  run_async([&]() -> Task<> {
    Desk desk;
    const auto ended =
        co_await desk.play(stage, FlowSpec{.steps = {gate("gate", {}, late, 1h), step(stage, "b", {0})}});
    CHECK(ended.outcome == outcome);
    CHECK_FALSE(ended.report.for_good);
    CHECK(told(stage) == wanted);
    CHECK(stage.steps[0].message == message);
    CHECK(stage.steps[0].ended_at - stage.steps[0].started_at == 1h);
    CHECK(desk.settled == std::vector<std::string>{"gate: nobody"});
    CHECK(desk.say("", true) == "no step of run 7 waits for an approval");
  });
}

TEST_CASE("approvals hold no place: others run beside any number of them", "[flow][approval]") {
  Stage stage;
  run_async([&]() -> Task<> {
    Desk desk;
    FlowSpec spec{.steps = {gate("one", {}), gate("two", {}), step(stage, "a"), step(stage, "b", {0, 1})},
                  .max_parallel = 1};
    const auto flow = async::spawn(desk.play(stage, std::move(spec)), "flow");
    co_await async::sleep(1min);
    CHECK(told(stage) == "a=success");
    REQUIRE(desk.run.approvals.size() == 2);
    CHECK(desk.run.approvals[0].message == "go on?");
    CHECK(desk.say("", true) == "several steps of run 7 wait, so name one: \"one\", \"two\"");
    CHECK(desk.say("three", true) ==
          "step \"three\" of run 7 does not wait for an approval; these do: \"one\", \"two\"");
    CHECK(desk.say("two", true) == "two");
    CHECK(desk.say("two", false) == "step \"two\" of run 7 was approved by alice (uid 1000)");
    CHECK(desk.say("", true) == "one");
    co_await async::sleep(1min);
    CHECK(told(stage) == "a=success two=success one=success b=success");
  });
}

TEST_CASE("a flow that is cancelled while it waits withdraws the question", "[flow][approval]") {
  Stage stage;
  run_async([&]() -> Task<> {
    Desk desk;
    FlowSpec spec{.steps = {gate("gate", {}), step(stage, "clean")}};
    spec.steps[1].finally = true;
    CHECK_FALSE(co_await async::move_on_after(10s, desk.play(stage, std::move(spec))));
    CHECK(told(stage) == "gate=cancelled clean=success");
    CHECK(desk.run.approvals.empty());
    CHECK(desk.settled == std::vector<std::string>{"gate: nobody"});
  });
}

TEST_CASE("what was approved is not asked again by another attempt of the run", "[flow][approval]") {
  Stage stage;
  stage.failures["b"] = 1;
  run_async([&]() -> Task<> {
    Desk desk;
    std::any carried;
    const auto person = desk.answers_after(1min, "gate", true);
    for (const Outcome wanted : {Outcome::failure, Outcome::success}) {
      const auto ended =
          co_await desk.play(stage, FlowSpec{.steps = {gate("gate", {}), step(stage, "b", {0})}}, &carried);
      CHECK(ended.outcome == wanted);
    }
    CHECK(told(stage) == "gate=success b=failure b=success");
  });
}

TEST_CASE("what another flow left is not taken for that of this one", "[flow]") {
  Stage stage;
  stage.failures["b"] = -1;
  run_async([&]() -> Task<> {
    std::any carried;
    co_await play(stage, FlowSpec{.steps = {step(stage, "a"), step(stage, "b", {0})}}, &carried);
    stage.steps.clear();
    co_await play(stage, FlowSpec{.steps = {step(stage, "c"), step(stage, "b", {0})}}, &carried);
    CHECK(told(stage) == "c=success b=failure");
  });
}
