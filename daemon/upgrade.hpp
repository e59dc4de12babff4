// Becoming the program that is installed now, in the same process: execve, with the children, the listening sockets and
// the table of live runs kept.
//
// To the runs it is the same as kill -9 and a start right behind it, but that their processes stay our children. So all
// that a crash does not harm, this does not harm; what it would harm (a function of this process at work, entries that
// are not durable yet) is waited for.
#pragma once

#include <string>

#include "async/event.hpp"
#include "async/task.hpp"
#include "daemon/program.hpp"
#include "engine/engine.hpp"
#include "engine/event.hpp"
#include "ledger/ledger.hpp"
#include "ledger/live_runs.hpp"
#include "observe/log.hpp"

namespace belfry::daemon {

/// Loop thread only. Everything it refers to must outlive it.
class Upgrade {
 public:
  struct Parts {
    engine::EventStream& events;
    const engine::Engine& engine;
    ledger::Ledger& ledger;
    ledger::LiveRuns* live = nullptr;  ///< none: it is refused
    observe::Log& log;
  };

  Upgrade(Program program, Parts parts);
  Upgrade(const Upgrade&) = delete;
  Upgrade& operator=(const Upgrade&) = delete;

  /// Lets the new program check the configuration, waits up to a minute for runs that need this process (not for one
  /// that waits for a person), makes the ledger durable, and becomes the program. Returns only if that was not
  /// possible, and says why; then all is as before. Cancellation: all is as before.
  async::Task<std::string> carry_out(Handover sockets);

 private:
  async::Task<std::string> check_successor();
  async::Task<std::string> become_in_time(Handover sockets);
  async::Task<> wait_for_holdouts();
  std::string holdouts() const;
  std::string waiting_for_a_person() const;

  Program program_;
  Parts parts_;
  async::Event something_ended_;  // an attempt, or the look at a precondition
  bool under_way_ = false;
};

}  // namespace belfry::daemon
