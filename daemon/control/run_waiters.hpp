// Those who wait for the end of a run (`belfry run --wait`). Loop thread only.
#pragma once

#include <deque>
#include <functional>
#include <map>

#include "engine/engine.hpp"
#include "engine/event.hpp"

namespace belfry::daemon {

class RunWaiters {
 public:
  /// Called once: with the end of the run, or with nothing when it will never start.
  using Callback = std::function<void(const ledger::RunEnded*)>;

  /// *this must outlive the stream's last event; `engine` must outlive *this.
  RunWaiters(engine::EventStream& events, const engine::Engine& engine);
  RunWaiters(const RunWaiters&) = delete;
  RunWaiters& operator=(const RunWaiters&) = delete;

  /// REQUIRES: the run was created in this turn of the loop, or has not ended.
  void wait(ledger::RunId run, Callback callback);

 private:
  void on_end(const ledger::RunEnded& ended);
  void on_drain();

  const engine::Engine& engine_;
  std::multimap<ledger::RunId, Callback> waiters_;
  std::deque<ledger::RunEnded> just_ended_;  // a run may end before its creator gets to wait for it
};

}  // namespace belfry::daemon
