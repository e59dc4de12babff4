// A stage for flows: steps whose actions the test controls, and what they did. No process, no time but the test's
// clock's.
#pragma once

#include <algorithm>
#include <any>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/sleep.hpp"
#include "jobs/flow.hpp"

namespace belfry::test {

using namespace std::chrono_literals;

/// What the steps of a test do, and what they did.
struct Stage {
  std::vector<std::string> log;  // "a+" began, "a-" ended, "a!" was cancelled
  std::vector<ledger::StepEnded> steps;
  std::map<std::string, int> failures;  // how often a step fails before it succeeds; -1: always
  std::map<std::string, std::string> prints;
  int running = 0;
  int most_running = 0;

  int place(const std::string& what) const {
    const auto found = std::ranges::find(log, what);
    return found == log.end() ? -1 : static_cast<int>(found - log.begin());
  }
};

class FakeAction final : public engine::Action {
 public:
  FakeAction(Stage& stage, std::string name, async::Duration span)
      : stage_(stage), name_(std::move(name)), span_(span) {}

  async::Task<ledger::Outcome> run(const engine::Attempt&, engine::Report& report) const override {
    stage_.log.push_back(name_ + "+");
    stage_.most_running = std::max(stage_.most_running, ++stage_.running);
    try {
      co_await async::sleep(span_);
    } catch (const async::Cancelled&) {
      --stage_.running;
      stage_.log.push_back(name_ + "!");
      throw;
    }
    --stage_.running;
    stage_.log.push_back(name_ + "-");
    const std::string text = stage_.prints[name_];
    report.standard_output = {.head = text, .tail = "", .total_bytes = text.size(), .dropped_bytes = 0};
    int& failures = stage_.failures[name_];
    if (failures == 0) co_return ledger::Outcome::success;
    if (failures > 0) --failures;
    report.exit_code = 3;
    report.message = "exit code 3";
    co_return ledger::Outcome::failure;
  }

  std::string_view kind() const noexcept override { return "fake"; }
  std::string describe() const override { return name_; }

 private:
  Stage& stage_;
  std::string name_;
  async::Duration span_;
};

/// A step that takes a second of the test's clock. For one of several items its name in the log is "id:item".
inline jobs::FlowStep step(Stage& stage, const std::string& id, std::vector<std::size_t> needs = {},
                           async::Duration span = 1s) {
  jobs::FlowStep made;
  made.id = id;
  made.needs = std::move(needs);
  made.make = [&stage, id, span](const jobs::FlowText::ValueOf&,
                                 const jobs::Variables& variables) -> std::expected<jobs::ActionPointer, std::string> {
    const auto item = variables.find("BELFRY_ITEM");
    return std::make_shared<FakeAction>(stage, item == variables.end() ? id : id + ":" + item->second, span);
  };
  return made;
}

struct Ended {
  ledger::Outcome outcome = ledger::Outcome::success;
  engine::Report report;
};

inline engine::Report report_for(Stage& stage) {
  engine::Report report;
  report.step_ended = [&stage](ledger::StepEnded ended) { stage.steps.push_back(std::move(ended)); };
  return report;
}

inline async::Task<Ended> play(Stage& stage, jobs::FlowSpec spec, std::any* carried = nullptr) {
  const auto flow = jobs::make_flow(std::move(spec));
  const engine::Attempt attempt{.job = "job", .run = 7, .scheduled_at = {}, .started_at = {}, .carried = carried};
  Ended ended{.report = report_for(stage)};
  ended.outcome = co_await flow->run(attempt, ended.report);
  co_return ended;
}

/// "a=success b[2]=failure c=skipped": what was told of the steps, in that order.
inline std::string told(const Stage& stage) {
  std::string text;
  for (const auto& each : stage.steps) {
    text += (text.empty() ? "" : " ") + each.step;
    if (each.item > 0) text += "[" + std::to_string(each.item) + "]";
    text += "=" + (each.outcome ? std::string(to_string(*each.outcome)) : "skipped");
  }
  return text;
}

inline jobs::FlowCondition condition(const std::string& text) { return jobs::FlowCondition::parse(text).value(); }

inline std::vector<jobs::FlowItem> items(int count) {
  std::vector<jobs::FlowItem> made;
  for (int i = 1; i <= count; ++i) made.push_back({.item = std::to_string(i)});
  return made;
}

}  // namespace belfry::test
