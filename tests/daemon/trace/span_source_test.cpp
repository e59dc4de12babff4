// Which spans the events of a run make, and how they hang together.
#include "daemon/trace/span_source.hpp"

#include <algorithm>

#include "daemon/notify/told_bed.hpp"

using namespace belfry;
using namespace belfry::test;
using daemon::Span;
using daemon::SpanSource;

namespace {

const ledger::WallTime due{std::chrono::seconds{1'000'000}};

ledger::RunStarted started(ledger::RunTrigger trigger = ledger::RunTrigger::schedule) {
  ledger::RunStarted run = run_started("a");
  run.trigger = trigger;
  if (trigger != ledger::RunTrigger::manual) run.scheduled_at = due;
  run.started_at = due + 3s;
  run.waits = {.queue = 1s, .precondition = 500ms, .ledger = 250ms};
  return run;
}

ledger::AttemptEnded attempt_ended(int number, Outcome outcome) {
  ledger::AttemptEnded attempt;
  attempt.run = 7;
  attempt.job = "a";
  attempt.attempt = number;
  attempt.started_at = due + 3s + 1ms;
  attempt.ended_at = due + 5s;
  attempt.outcome = outcome;
  if (outcome == Outcome::failure) attempt.exit_code = 3;
  attempt.message = outcome == Outcome::success ? "" : "exit code 3";
  return attempt;
}

ledger::RunEnded ended(const ledger::RunStarted& run, Outcome outcome = good) {
  ledger::RunEnded end = run_ended("a", outcome);
  end.message = outcome == Outcome::success ? "" : "why";
  end.trigger = run.trigger;
  end.scheduled_at = run.scheduled_at;
  end.started_at = run.started_at;
  end.ended_at = due + 9s;
  end.attempts = 2;
  return end;
}

const Span& named(const std::vector<Span>& spans, const std::string& name) {
  const auto found = std::ranges::find(spans, name, &Span::name);
  if (found == spans.end()) FAIL("no span " << name);
  return *found;
}

std::string value(const Span& span, std::string_view name) {
  struct Text {
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return std::to_string(number); }
  };
  for (const auto& [key, held] : span.attributes) {
    if (key == name) return std::visit(Text{}, held);
  }
  return "none";
}

/// All spans of a run with one attempt.
std::vector<Span> spans_of(const ledger::RunStarted& run, Outcome outcome = good) {
  SpanSource source("ledger");
  std::vector<Span> all = source.on(run);
  CHECK(all.empty());
  for (Span& span : source.on(ended(run, outcome))) all.push_back(std::move(span));
  return all;
}

}  // namespace

TEST_CASE("a run is the root of its trace, from its due instant to its end") {
  const auto spans = spans_of(started());
  const Span& root = named(spans, "a");
  const jobs::TraceIds ids("ledger", 7);
  CHECK(root.trace == ids.trace());
  CHECK(root.id == ids.run_span());
  CHECK(root.parent.empty());
  CHECK(root.start == due);
  CHECK(root.end == due + 9s);
  CHECK(root.status == Span::Status::ok);
  CHECK(value(root, "belfry.job") == "a");
  CHECK(value(root, "belfry.run") == "7");
  CHECK(value(root, "belfry.trigger") == "schedule");
  CHECK(value(root, "belfry.attempts") == "2");
  CHECK(value(root, "belfry.scheduled_at") == "1970-01-12T13:46:40Z");
  CHECK(value(root, "belfry.start_delay") == "3.000000");
  CHECK(value(root, "belfry.outcome") == "success");
}

TEST_CASE("what came before the start is a span, and says for what it waited") {
  const auto spans = spans_of(started());
  REQUIRE(spans.size() == 2);
  const Span& wait = named(spans, "wait");
  CHECK(wait.parent == named(spans, "a").id);
  CHECK(wait.start == due);
  CHECK(wait.end == due + 3s);
  CHECK(value(wait, "belfry.wait.queue") == "1.000000");
  CHECK(value(wait, "belfry.wait.precondition") == "0.500000");
  CHECK(value(wait, "belfry.wait.ledger") == "0.250000");
  CHECK(value(wait, "belfry.wait.loop") == "1.250000");
}

TEST_CASE("a slot that is made up for begins when its turn came, not when it was due long ago") {
  auto run = started(ledger::RunTrigger::catchup);
  run.scheduled_at = due - 48h;
  const auto spans = spans_of(run);
  CHECK(named(spans, "a").start == due + 1250ms);
  CHECK(value(named(spans, "a"), "belfry.start_delay") == std::to_string(48 * 3600 + 3) + ".000000");
  auto by_hand = started(ledger::RunTrigger::manual);
  by_hand.waits = {};
  const auto at_once = spans_of(by_hand);
  REQUIRE(at_once.size() == 1);
  CHECK(at_once[0].start == by_hand.started_at);
  CHECK(value(at_once[0], "belfry.scheduled_at") == "none");
}

TEST_CASE("a clock that was set back makes no span that ends before it begins") {
  auto run = started();
  run.scheduled_at = due + 1h;
  const auto spans = spans_of(run);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].start == run.started_at);
  SpanSource source("ledger");
  auto attempt = attempt_ended(1, good);
  attempt.ended_at = attempt.started_at - 1h;
  attempt.launch = 5s;
  for (const Span& span : source.on(attempt)) CHECK(span.end >= span.start);
}

TEST_CASE("each attempt is a span below its run, and the launch of the first one below it") {
  SpanSource source("ledger");
  source.on(started());
  auto first = attempt_ended(1, bad);
  first.launch = 20ms;
  first.usage = {.user_cpu = 1500ms, .system_cpu = 250ms, .max_rss_bytes = 4096};
  const auto spans = source.on(first);
  REQUIRE(spans.size() == 2);
  const jobs::TraceIds ids("ledger", 7);
  CHECK(spans[0].name == "attempt");
  CHECK(spans[0].id == ids.attempt_span(1));
  CHECK(spans[0].parent == ids.run_span());
  CHECK(spans[0].start == first.started_at);
  CHECK(spans[0].end == first.ended_at);
  CHECK(spans[0].status == Span::Status::error);
  CHECK(spans[0].message == "exit code 3");
  CHECK(value(spans[0], "belfry.attempt") == "1");
  CHECK(value(spans[0], "process.exit.code") == "3");
  CHECK(value(spans[0], "belfry.cpu.user") == "1.500000");
  CHECK(value(spans[0], "belfry.cpu.system") == "0.250000");
  CHECK(value(spans[0], "belfry.max_rss") == "4096");
  CHECK(spans[1].name == "launch");
  CHECK(spans[1].parent == spans[0].id);
  CHECK(spans[1].start == first.started_at);
  CHECK(spans[1].end == due + 3s + 20ms);  // counted from the start of the run
  const auto second = source.on(attempt_ended(2, good));
  REQUIRE(second.size() == 1);
  CHECK(second[0].id == ids.attempt_span(2));
  CHECK(value(second[0], "process.exit.code") == "none");
}

TEST_CASE("a try of a step is a span below its attempt, and one that was skipped is none") {
  SpanSource source("ledger");
  source.on(started());
  ledger::StepEnded step{.run = 7,
                         .job = "a",
                         .attempt = 2,
                         .step = "fetch",
                         .item = 3,
                         .label = "north",
                         .number = 4,
                         .started_at = due + 3s,
                         .ended_at = due + 4s,
                         .outcome = bad,
                         .exit_code = 3,
                         .signal = {},
                         .message = "exit code 3"};
  const auto spans = source.on(step);
  REQUIRE(spans.size() == 1);
  const jobs::TraceIds ids("ledger", 7);
  CHECK(spans[0].trace == ids.trace());
  CHECK(spans[0].name == "step fetch");
  CHECK(spans[0].id == ids.step_span("2.fetch.3.4"));
  CHECK(spans[0].parent == ids.attempt_span(2));
  CHECK(spans[0].start == step.started_at);
  CHECK(spans[0].end == step.ended_at);
  CHECK(spans[0].status == Span::Status::error);
  CHECK(spans[0].message == "exit code 3");
  CHECK(value(spans[0], "belfry.step") == "fetch");
  CHECK(value(spans[0], "belfry.item") == "3");
  CHECK(value(spans[0], "belfry.label") == "north");
  CHECK(value(spans[0], "belfry.try") == "4");
  CHECK(value(spans[0], "process.exit.code") == "3");
  step.item = 0;
  step.ended_at = step.started_at - 1h;  // the clock was set back
  const auto once = source.on(step);
  CHECK(once.at(0).end == step.started_at);
  CHECK(value(once.at(0), "belfry.item") == "none");
  step.outcome.reset();
  CHECK(source.on(step).empty());
}

TEST_CASE("how it ended is the status: an error, good, or neither when it was cancelled") {
  const auto root = [](Outcome outcome) { return named(spans_of(started(), outcome), "a"); };
  for (const Outcome outcome : {bad, Outcome::timeout, Outcome::killed, Outcome::start_error, Outcome::lost}) {
    CHECK(root(outcome).status == Span::Status::error);
    CHECK(root(outcome).message == "why");
    CHECK(value(root(outcome), "belfry.outcome") == ledger::to_string(outcome));
  }
  CHECK(root(Outcome::cancelled).status == Span::Status::unset);
  CHECK(root(Outcome::cancelled).message.empty());
  CHECK(value(root(Outcome::cancelled), "belfry.message") == "why");
}

TEST_CASE("a long message is cut, and no character with it") {
  auto attempt = attempt_ended(1, bad);
  attempt.message = std::string(SpanSource::longest_message - 1, 'x') + "\u00e4\u00e4";
  const auto spans = SpanSource("ledger").on(attempt);
  CHECK(spans.at(0).message == std::string(SpanSource::longest_message - 1, 'x') + "...");
}

TEST_CASE("a run that follows from another one is linked to it") {
  auto run = started(ledger::RunTrigger::dependency);
  run.caused_by = 5;
  const auto spans = spans_of(run);
  const Span& root = named(spans, "a");
  REQUIRE(root.link);
  CHECK(root.link->trace == jobs::TraceIds("ledger", 5).trace());
  CHECK(root.link->id == jobs::TraceIds("ledger", 5).run_span());
  CHECK(value(root, "belfry.caused_by") == "5");
  CHECK(root.start == due);
}

TEST_CASE("a run of an earlier daemon has the same ids, adopted or lost") {
  SpanSource source("ledger");
  CHECK(source.on(engine::RunAdopted{.started = started(), .attempt = 1}).empty());
  const auto adopted = source.on(ended(started()));
  CHECK(adopted.size() == 2);
  const auto lost = SpanSource("ledger").on(ended(started(), Outcome::lost));  // its start was told to that daemon
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].id == named(adopted, "a").id);
  CHECK(lost[0].start == due);
}

TEST_CASE("one-shots share a name, for there is no end of theirs") {
  SpanSource source("ledger");
  auto catalog = std::make_shared<engine::Catalog>();
  catalog->jobs.emplace("a", nullptr);
  source.on(engine::CatalogApplied{.catalog = catalog, .added = {}, .changed = {}, .removed = {}});
  CHECK(source.on(ended(started())).at(0).name == "a");
  auto other = ended(started());
  other.job = "one-shot-12";
  const auto spans = source.on(other);
  CHECK(spans.at(0).name == "one-shot");
  CHECK(value(spans.at(0), "belfry.job") == "one-shot-12");
}

TEST_CASE("slots that did not become a run are in no trace") {
  SpanSource source("ledger");
  ledger::SlotClosed slot;
  slot.job = "a";
  slot.count = 100'000;
  for (const auto result : {ledger::SlotResult::skipped, ledger::SlotResult::missed, ledger::SlotResult::coalesced}) {
    slot.result = result;
    CHECK(source.on(slot).empty());
  }
}
