// Runs an action as the engine does, on a loop of its own, and keeps what it reports.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>

#include "async/cancel.hpp"
#include "async/run.hpp"
#include "async/spawn.hpp"
#include "async/timeout.hpp"
#include "engine/action.hpp"
#include "io/fd.hpp"
#include "io/fd_watcher.hpp"
#include "support/temp_dir.hpp"
#include "support/tree_id.hpp"

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
                                .started_at = ledger::WallTime(std::chrono::seconds(1774747801)),
                                .delay = std::chrono::milliseconds(1250),
                                .previous_success = ledger::WallTime(std::chrono::seconds(1774661400)),
                                .ledger_id = tree_id()};
  if (timeout) {
    ran.outcome = co_await async::move_on_after(*timeout, action->run(attempt, ran.report));
  } else {
    ran.outcome = co_await action->run(attempt, ran.report);
  }
  co_return ran;
}

/// A pipe with a name, on which a program says that it has come so far: `echo >$READY`.
class Ready {
 public:
  Ready() : path_((dir_ / "ready").string()) {
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    fd_.reset(::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));  // a writer of our own: never at its end
  }
  const std::string& path() const noexcept { return path_; }

  async::Task<> wait() {
    io::FdWatcher watcher(fd_.get());
    co_await watcher.readable();
  }

 private:
  TempDir dir_;
  std::string path_;
  io::Fd fd_;
};

inline async::Task<> cancel_when(Ready& ready, async::CancelScope& scope,
                                 async::CancelReason reason = async::CancelReason::timeout) {
  co_await ready.wait();
  scope.cancel(reason);
}

/// Cancels the run, as a timeout does, once the program has said that it is ready.
inline async::Task<Ran> run_until(std::shared_ptr<const engine::Action> action, Ready& ready,
                                  async::CancelReason reason = async::CancelReason::timeout) {
  Ran ran;
  const engine::Attempt attempt{.job = "the job", .run = 7, .scheduled_at = std::nullopt, .started_at = {}};
  async::CancelScope scope;
  auto watcher = async::spawn(cancel_when(ready, scope, reason), "cancel when ready");
  ran.outcome = co_await scope.run(action->run(attempt, ran.report));
  co_await watcher;
  co_return ran;
}

inline Ran run_action(std::shared_ptr<const engine::Action> action,
                      std::optional<async::Duration> timeout = std::nullopt) {
  return async::run(run_once(std::move(action), timeout));
}

}  // namespace belfry::test
