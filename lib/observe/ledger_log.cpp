#include "observe/ledger_log.hpp"

#include <chrono>
#include <utility>

#include "async/loop.hpp"

namespace belfry::observe {

namespace {

constexpr std::chrono::seconds kLookEvery{1};
constexpr std::chrono::minutes kRepeatEvery{1};

}  // namespace

LedgerLog::LedgerLog(Log& log, const ledger::Ledger& ledger) : log_(log), ledger_(ledger), limit_(kRepeatEvery) {}

void LedgerLog::subscribe(engine::EventStream& events) {
  events.subscribe([this](const engine::Event&) {
    const ledger::WallTime now = async::Loop::current().wall_now();
    const bool clock_was_set_back = now + 2 * kLookEvery < next_check_;
    if (now < next_check_ && !clock_was_set_back) return;
    next_check_ = now + kLookEvery;
    check();
  });
}

void LedgerLog::check() {
  ledger::LedgerStats stats = ledger_.stats();
  check_commits(stats);
  check_losses(stats);
  told_ = std::move(stats);
}

void LedgerLog::check_commits(const ledger::LedgerStats& stats) {
  const bool failing = !stats.last_error.empty();
  if (failing && limit_.admit("commit", async::Loop::current().wall_now())) {
    log_.error("the ledger cannot be written: jobs run on, their records wait in memory; free the disk or mend it",
               {{"reason", stats.last_error},
                {"waiting_entries", stats.queued},
                {"waiting_bytes", stats.queued_bytes},
                {"failed_commits", stats.errors}});
  }
  if (failing_ && !failing) log_.info("the ledger is written again", {{"waiting_entries", stats.queued}});
  failing_ = failing;
}

void LedgerLog::check_losses(const ledger::LedgerStats& stats) {
  if (stats.dropped > told_.dropped) {
    log_.error("entries of the ledger are lost: too many waited for a disk that does not take them",
               {{"lost", stats.dropped - told_.dropped}});
  }
  if (stats.dropped_output > told_.dropped_output) {
    log_.warning("outputs of runs were shortened: too many entries wait for the disk",
                 {{"outputs", stats.dropped_output - told_.dropped_output}});
  }
  if (stats.refused > told_.refused) {
    log_.error("the ledger refused an entry that contradicts its record: please report this",
               {{"entry", stats.last_refusal}, {"times", stats.refused - told_.refused}});
  }
}

}  // namespace belfry::observe
