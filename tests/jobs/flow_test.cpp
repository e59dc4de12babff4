// The order of a flow's steps, what a failure does to the others, and what they hand on.
#include "jobs/flow.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "async/testing.hpp"
#include "flow_stage.hpp"
#include "jobs/flow_graph.hpp"

using namespace belfry;
using namespace belfry::test;
using async::Task;
using jobs::FlowSpec;
using jobs::FlowStep;
using ledger::Outcome;
using testing::run_async;
using testing::run_shuffled;

TEST_CASE("a step begins when all that it needs have ended", "[flow]") {
  Stage stage;
  run_async([&]() -> Task<> {
    FlowSpec spec{
        .steps = {step(stage, "a"), step(stage, "b", {0}, 5s), step(stage, "c", {0}), step(stage, "d", {1, 2})}};
    const auto ended = co_await play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::success);
    CHECK(ended.report.message.empty());
  });
  CHECK(stage.log == std::vector<std::string>{"a+", "a-", "b+", "c+", "c-", "b-", "d+", "d-"});
  CHECK(told(stage) == "a=success c=success b=success d=success");
}

TEST_CASE("a failure skips what depends on it, and the rest goes on", "[flow]") {
  Stage stage;
  stage.failures["a"] = -1;
  run_async([&]() -> Task<> {
    FlowSpec spec{.steps = {step(stage, "a"), step(stage, "b", {0}), step(stage, "c", {1}), step(stage, "d", {}, 9s)}};
    const auto ended = co_await play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::failure);
    CHECK(ended.report.exit_code == 3);
    CHECK(ended.report.message == "step \"a\" did not end well: exit code 3; 2 skipped");
  });
  CHECK(told(stage) == "a=failure b=skipped c=skipped d=success");
  CHECK(stage.steps[1].message == "skipped: step \"a\" did not end well");
  CHECK(stage.steps[2].message == "skipped: step \"b\" was skipped");
}

TEST_CASE("continue_on_error: the failure is on record, and nobody minds", "[flow]") {
  Stage stage;
  stage.failures["a"] = -1;
  run_async([&]() -> Task<> {
    FlowSpec spec{.steps = {step(stage, "a"), step(stage, "b", {0})}};
    spec.steps[0].continue_on_error = true;
    const auto ended = co_await play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::success);
    CHECK(ended.report.message == "2 steps; 1 failed, which may be");
  });
  CHECK(told(stage) == "a=failure b=success");
}

TEST_CASE("conditions: what is asked about results runs after a failure, too; what is not does not", "[flow]") {
  Stage stage;
  stage.failures["a"] = -1;
  run_async([&]() -> Task<> {
    FlowSpec spec{.steps = {step(stage, "a"), step(stage, "b", {0}), step(stage, "repair", {1}),
                            step(stage, "always", {1}), step(stage, "no", {1}), step(stage, "named", {0}),
                            step(stage, "word", {0})}};
    spec.steps[2].condition = condition("failure()");  // of a, far away
    spec.steps[3].condition = condition("always()");
    spec.steps[4].condition = condition("'a' == 'a'");
    spec.steps[5].condition = condition("success(a)");
    spec.steps[6].condition = condition("steps.a.outcome == 'failure'");
    const auto ended = co_await play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::failure);
  });
  CHECK(stage.place("repair-") >= 0);
  CHECK(stage.place("always-") >= 0);
  CHECK(stage.place("word-") >= 0);
  CHECK(stage.place("b+") == -1);
  CHECK(stage.place("no+") == -1);
  CHECK(stage.place("named+") == -1);
}

TEST_CASE("a step that its own condition skips stops nobody", "[flow]") {
  Stage stage;
  run_async([&]() -> Task<> {
    FlowSpec spec{.steps = {step(stage, "a"), step(stage, "b", {0})}};
    spec.steps[0].condition = condition("'x' == 'y'");
    const auto ended = co_await play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::success);
    CHECK(ended.report.message == "2 steps; 1 skipped");
  });
  CHECK(told(stage) == "a=skipped b=success");
}

TEST_CASE("never more items at a time than max_parallel, and all of them run", "[flow]") {
  Stage stage;
  const std::size_t limit = GENERATE(1U, 3U, 100U);
  run_async([&]() -> Task<> {
    FlowSpec spec{.steps = {step(stage, "a")}};
    spec.steps[0].items = items(10);
    spec.steps[0].max_parallel = limit;
    co_await play(stage, std::move(spec));
  });
  CHECK(stage.most_running == static_cast<int>(std::min<std::size_t>(limit, 10)));
  CHECK(stage.steps.size() == 10);
}

TEST_CASE("never more actions of all steps at a time than the flow's max_parallel", "[flow]") {
  Stage stage;
  run_async([&]() -> Task<> {
    FlowSpec spec{.steps = {step(stage, "a"), step(stage, "b"), step(stage, "c")}, .max_parallel = 2};
    spec.steps[0].items = items(5);
    co_await play(stage, std::move(spec));
  });
  CHECK(stage.most_running == 2);
  CHECK(stage.steps.size() == 7);
}

TEST_CASE("one item fails: the others run, and the step has failed", "[flow]") {
  Stage stage;
  stage.failures["a:2"] = -1;
  run_async([&]() -> Task<> {
    FlowSpec spec{.steps = {step(stage, "a")}};
    spec.steps[0].items = items(3);
    spec.steps[0].max_parallel = 1;
    const auto ended = co_await play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::failure);
    CHECK(ended.report.message ==
          "step \"a\" did not end well: 1 of 3 items did not end well; the first, \"2\": exit code 3");
  });
  CHECK(told(stage) == "a[1]=success a[2]=failure a[3]=success");
  CHECK(stage.steps[1].label == "2");
}

TEST_CASE("outputs go to later steps: as conditions, as lists, and from all items", "[flow]") {
  Stage stage;
  stage.prints["list"] = "x\ny\n";
  stage.prints["each:x"] = "1\n";
  stage.prints["each:y"] = "2\n";
  run_async([&]() -> Task<> {
    FlowSpec spec{
        .steps = {step(stage, "list"), step(stage, "each", {0}), step(stage, "yes", {1}), step(stage, "no", {1})}};
    spec.steps[0].outputs = {jobs::FlowOutput::make("all", jobs::FlowOutput::How::all).value()};
    spec.steps[1].items_from =
        jobs::FlowReference{.what = jobs::FlowReference::What::output, .step = "list", .name = "all"};
    spec.steps[1].max_parallel = 1;
    spec.steps[1].outputs = {jobs::FlowOutput::make("n", jobs::FlowOutput::How::last_line).value()};
    spec.steps[2].condition = condition("steps.each.outputs.n == '[\"1\",\"2\"]'");
    spec.steps[3].condition = condition("steps.list.outputs.all == 'x'");
    const auto ended = co_await play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::success);
    CHECK(ended.report.standard_output.head ==
          "--- step list: success\nx\ny\n--- step each (x): success\n1\n--- step each (y): success\n2\n");
  });
  CHECK(told(stage) == "list=success each[1]=success each[2]=success no=skipped yes=success");
}

TEST_CASE("an output without a value is a failure, and an empty list is none", "[flow]") {
  Stage stage;
  run_async([&]() -> Task<> {
    FlowSpec spec{.steps = {step(stage, "list"), step(stage, "each", {0}), step(stage, "tag", {1})}};
    spec.steps[0].outputs = {jobs::FlowOutput::make("all", jobs::FlowOutput::How::all).value()};
    spec.steps[1].items_from =
        jobs::FlowReference{.what = jobs::FlowReference::What::output, .step = "list", .name = "all"};
    spec.steps[2].outputs = {jobs::FlowOutput::make("t", jobs::FlowOutput::How::variable, "TAG").value()};
    const auto ended = co_await play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::failure);
    CHECK_THAT(ended.report.message, Catch::Contains("its output \"t\" has no value: it printed no line TAG=..."));
  });
  CHECK(told(stage) == "list=success each=skipped tag=failure");
}

TEST_CASE("a step is tried again as its policy says, and each try is on record", "[flow]") {
  Stage stage;
  stage.failures["a"] = 2;
  run_async([&]() -> Task<> {
    FlowSpec spec{.steps = {step(stage, "a"), step(stage, "b", {0})}};
    spec.steps[0].retry = {.limit = 2, .delay = 10s, .backoff = 1};
    const auto before = async::Loop::current().now_ns();
    const auto ended = co_await play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::success);
    CHECK(std::chrono::nanoseconds(async::Loop::current().now_ns() - before) == 24s);
  });
  CHECK(told(stage) == "a=failure a=failure a=success b=success");
  CHECK(stage.steps[2].number == 3);
}

TEST_CASE("a timeout is one of each try", "[flow]") {
  Stage stage;
  run_async([&]() -> Task<> {
    FlowSpec spec{.steps = {step(stage, "a", {}, 1h)}};
    spec.steps[0].timeout = 5s;
    const auto ended = co_await play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::failure);
    CHECK_THAT(ended.report.message, Catch::Contains("ran past its timeout of 5s"));
  });
  CHECK(told(stage) == "a=timeout");
  CHECK(stage.log == std::vector<std::string>{"a+", "a!"});
}

TEST_CASE("of any graph, each step begins when all that it needs have ended, and all are accounted for", "[flow]") {
  std::mt19937 random(20260101);
  for (int round = 0; round < 30; ++round) {
    const std::size_t count = 1 + random() % 25;
    std::vector<std::vector<std::size_t>> needs(count);
    std::vector<std::size_t> order(count);  // numbers in the file have nothing to do with the order
    for (std::size_t i = 0; i < count; ++i) order[i] = i;
    std::ranges::shuffle(order, random);
    for (std::size_t i = 1; i < count; ++i) {
      std::set<std::size_t> chosen;
      for (std::size_t n = random() % 4; n > 0; --n) chosen.insert(order[random() % i]);
      needs[order[i]].assign(chosen.begin(), chosen.end());
    }
    Stage stage;
    std::vector<FlowStep> steps;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string id = "s" + std::to_string(i);
      if (random() % 6 == 0) stage.failures[id] = -1;
      steps.push_back(step(stage, id, needs[i], std::chrono::milliseconds(random() % 5)));
    }
    const auto fails = stage.failures;
    const std::size_t limit = 1 + random() % 4;
    run_async([&]() -> Task<> { co_await play(stage, {.steps = steps, .max_parallel = limit}); });
    INFO("round " << round);
    CHECK(stage.steps.size() == count);
    CHECK(stage.most_running <= static_cast<int>(limit));
    const auto depends = jobs::all_needed(needs);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string id = "s" + std::to_string(i);
      bool blocked = false;
      for (std::size_t j = 0; j < count; ++j) {
        const std::string other = "s" + std::to_string(j);
        if (!depends[i][j]) continue;
        CHECK_FALSE(depends[j][i]);
        blocked = blocked || fails.contains(other);
        if (stage.place(id + "+") >= 0) CHECK(stage.place(id + "+") > stage.place(other + "-"));
      }
      CHECK((stage.place(id + "+") == -1) == blocked);
    }
  }
}

TEST_CASE("whatever the order of ready tasks, a flow ends as it should", "[flow]") {
  run_shuffled([&]() -> Task<> {
    Stage stage;
    stage.failures["b"] = -1;
    FlowSpec spec{.steps = {step(stage, "a"), step(stage, "b"), step(stage, "c", {0, 1}), step(stage, "d", {0})}};
    const auto ended = co_await play(stage, std::move(spec));
    CHECK(ended.outcome == Outcome::failure);
    CHECK(stage.place("c+") == -1);
    CHECK(stage.place("d-") > stage.place("a-"));
  });
}
