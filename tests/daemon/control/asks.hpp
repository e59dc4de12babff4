// An action that asks a person, for tests of who answers.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "engine/action.hpp"
#include "engine/approvals.hpp"

namespace belfry::test {

/// An action that asks for approvals as these steps of a flow, all at once, and tells when it waits; success: all said
/// yes.
class Asks final : public engine::Action {
 public:
  explicit Asks(std::vector<std::string> steps) : steps_(std::move(steps)) {}
  async::Task<ledger::Outcome> run(const engine::Attempt& attempt, engine::Report& report) const override {
    std::vector<async::JoinHandle<engine::ApprovalAnswer>> asked;
    for (const std::string& step : steps_) {
      asked.push_back(async::spawn(
          attempt.approvals->ask(
              {.step = step, .message = "Really?", .since = attempt.started_at, .until = attempt.started_at}),
          "asks"));
    }
    co_await async::yield();  // they began first
    waits_->set_value();
    bool approved = true;
    for (auto& each : asked) {
      const engine::ApprovalAnswer answer = co_await std::move(each).join();
      report.message += engine::describe(answer) + ";";
      approved = approved && answer.approved;
    }
    co_return approved ? ledger::Outcome::success : ledger::Outcome::failure;
  }
  std::string_view kind() const noexcept override { return "flow"; }
  std::string describe() const override { return "asks"; }

  void wait_until_it_waits() const { waits_->get_future().wait(); }

 private:
  std::vector<std::string> steps_;
  std::unique_ptr<std::promise<void>> waits_ = std::make_unique<std::promise<void>>();
};

}  // namespace belfry::test
