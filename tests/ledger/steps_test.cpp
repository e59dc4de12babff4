// The steps of flows on record.
#include <catch2/catch.hpp>

#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;

namespace {

StepEnded step_end(RunId run, const std::string& step, WallTime started_at) {
  return {.run = run,
          .job = "a",
          .step = step,
          .started_at = started_at,
          .ended_at = started_at + 1s,
          .outcome = Outcome::success};
}

}  // namespace

TEST_CASE("the steps of a run come back as they were written, in the order in which they began", "[ledger]") {
  const TempLedger temp;
  temp.write(run_start("a", 1s, 1));
  temp.write(step_end(1, "late", at(9s)));
  StepEnded item = step_end(1, "early", at(2s));
  item.item = 3;
  item.label = "os=debian";
  item.number = 2;
  item.outcome = Outcome::killed;
  item.exit_code = 4;
  item.signal = 9;
  item.message = "killed by SIGKILL";
  item.outputs = {{"one", "1"}, {"odd", "a\"b\\c\n\x01\xff\u00fc{}"}};
  temp.write(item);
  StepEnded skipped = step_end(1, "skipped", at(10s));
  skipped.attempt = 2;
  skipped.outcome.reset();
  temp.write(skipped);
  temp.write(run_start("a", 2s, 2));
  temp.write(step_end(2, "early", at(2s)));
  temp.sync();

  const auto steps = temp.ledger->open_reader()->steps(1);
  REQUIRE(steps.size() == 3);
  CHECK(steps[0].job == "a");
  CHECK(steps[0].step == "early");
  CHECK(steps[0].attempt == 1);
  CHECK(steps[0].item == 3);
  CHECK(steps[0].label == "os=debian");
  CHECK(steps[0].number == 2);
  CHECK(steps[0].started_at == at(2s));
  CHECK(steps[0].ended_at == at(3s));
  CHECK(steps[0].outcome == Outcome::killed);
  CHECK(steps[0].exit_code == 4);
  CHECK(steps[0].signal == 9);
  CHECK(steps[0].message == "killed by SIGKILL");
  CHECK(steps[0].outputs == item.outputs);
  CHECK(steps[1].outputs.empty());
  CHECK(steps[1].step == "late");
  CHECK_FALSE(steps[1].exit_code);
  CHECK(steps[2].attempt == 2);
  CHECK_FALSE(steps[2].outcome);
}

TEST_CASE("a step ends once: the second end is refused", "[ledger]") {
  const TempLedger temp;
  temp.write(run_start("a", 1s, 1));
  temp.write(step_end(1, "s", at(2s)));
  temp.write(step_end(1, "s", at(3s)));
  temp.sync();
  CHECK(temp.ledger->stats().refused == 1);
  CHECK_THAT(temp.ledger->stats().last_refusal, Catch::Contains("step s ended twice"));
  CHECK(temp.ledger->open_reader()->steps(1).at(0).started_at == at(2s));
}

TEST_CASE("a view has what steps hand on as an object", "[ledger]") {
  const TempLedger temp;
  temp.write(run_start("a", 1s, 1));
  StepEnded step = step_end(1, "s", at(2s));
  step.outputs = {{"version", "1.2"}};
  temp.write(step);
  temp.sync();
  sqlite::Connection connection(temp.path, sqlite::Mode::read_only);
  CHECK(connection.text("SELECT outputs FROM v_steps") == R"({"version":"1.2"})");
}
