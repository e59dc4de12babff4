// An engine on the manual clock whose jobs fail and succeed as the test says, and a configuration that tells of it.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/config/good_file.hpp"
#include "daemon/notify/plan.hpp"
#include "engine/test_bed.hpp"
#include "io/fd.hpp"
#include "observe/log.hpp"

namespace belfry::test {

/// The plan of a configuration; its jobs are those of the engine by their names.
inline std::shared_ptr<const daemon::NotifyPlan> plan(const std::string& text) {
  return daemon::plan_of(daemon::testing::load(text));
}

/// A job of every minute whose runs end like that, one after the other; the last one is repeated.
inline Job job_that_ends(std::string name, std::vector<Outcome> outcomes) {
  auto next = std::make_shared<std::size_t>(0);
  auto body = [next, outcomes](const engine::Attempt&, engine::Report& report) -> async::Task<Outcome> {
    const Outcome outcome = outcomes.at(std::min((*next)++, outcomes.size() - 1));
    if (outcome == Outcome::failure) report.exit_code = 3;
    report.standard_output.head = "all that was printed\n";
    report.standard_output.total_bytes = report.standard_output.head.size();
    co_return outcome;
  };
  return job(std::move(name), every(1min), std::make_shared<FunctionAction>(std::move(body)));
}

constexpr Outcome good = Outcome::success;
constexpr Outcome bad = Outcome::failure;

inline ledger::RunStarted run_started(const std::string& job, ledger::RunId run = 7) {
  ledger::RunStarted started;
  started.run = run;
  started.job = job;
  return started;
}

inline ledger::RunEnded run_ended(const std::string& job, Outcome outcome, ledger::RunId run = 7) {
  ledger::RunEnded ended;
  ended.run = run;
  ended.job = job;
  ended.outcome = outcome;
  ended.message = "exit code 3";
  return ended;
}

/// A log in memory.
struct KeptLog {
  io::Fd file{::memfd_create("log", MFD_CLOEXEC)};
  observe::Log log{options()};

  /// All that was logged, as JSON lines.
  std::string text() {
    log.flush();
    std::string all(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), ' ');
    return ::pread(file.get(), all.data(), all.size(), 0) < 0 ? "" : all;
  }

 private:
  observe::LogOptions options() const {
    observe::LogOptions options;
    options.fd = file.get();
    return options;
  }
};

}  // namespace belfry::test
