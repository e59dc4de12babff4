// Runs an action as the engine does, on a loop of its own, and keeps what it reports.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>

#include "async/run.hpp"
#include "async/timeout.hpp"
#include "engine/action.hpp"

namespace belfry::test {

struct Ran {
  std::optional<ledger::Outcome> outcome;  ///< none: the timeout ended it
  engine::Report report;

  std::string output() const { return report.standard_output.head + report.standard_output.tail; }
  std::string error() const { return report.standard_error.head + report.standard_error.tail; }
};

inline async::Task<Ran> run_once(std::shared_ptr<const engine::Action> action,
                                 std::optional<async::Duration> timeout = std::nullopt, ledger::RunId run = 7) {
  Ran ran;
  const engine::Attempt attempt{.job = "the job",
                                .run = run,
                                .number = 2,
                                .trigger = ledger::RunTrigger::catchup,
                                .scheduled_at = ledger::WallTime(std::chrono::seconds(1774747800)),
                                .started_at = ledger::WallTime(std::chrono::seconds(1774747801))};
  if (timeout) {
    ran.outcome = co_await async::move_on_after(*timeout, action->run(attempt, ran.report));
  } else {
    ran.outcome = co_await action->run(attempt, ran.report);
  }
  co_return ran;
}

inline Ran run_action(std::shared_ptr<const engine::Action> action,
                      std::optional<async::Duration> timeout = std::nullopt) {
  return async::run(run_once(std::move(action), timeout));
}

}  // namespace belfry::test
