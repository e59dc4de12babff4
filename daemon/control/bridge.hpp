// The one way from the API's thread to the loop's: a request is carried out there, or refused in time with the name of
// what the loop is stuck in; never both.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "async/loop.hpp"
#include "daemon/control/exchange.hpp"

namespace belfry::daemon {

/// Destroyed on the loop's thread, or while the loop does not run: what was posted and has not run by then never will.
class Bridge {
 public:
  /// The loop must outlive the bridge. `patience`: how long a client waits for the loop before it is told what the loop
  /// is doing.
  Bridge(async::Loop& loop, std::chrono::milliseconds patience) : loop_(loop), patience_(patience) {}

  /// Runs `take_over` on the loop's thread; it sees to it that the exchange is answered. If the loop does not come to
  /// it in time, it will never run, and `if_stuck` answers (by default as stuck()). Server thread, inside of the
  /// handler.
  void post(const Exchange& exchange, std::move_only_function<void(const Exchange&)> take_over,
            Finish if_stuck = {}) const;

  /// Runs `ask` on the loop's thread and makes the reply from what it returned on the server's thread.
  template <class Ask, class Answer>
  void call(const Exchange& exchange, Ask ask, Answer answer) const {
    post(exchange, [ask = std::move(ask), answer = std::move(answer)](const Exchange& asked) mutable {
      asked.finish([value = ask(), answer = std::move(answer)]() mutable -> Reply { return answer(std::move(value)); });
    });
  }

  /// 503, naming the task and the place that hold the loop, and for how long. Any thread.
  Reply stuck() const;

 private:
  async::Loop& loop_;
  std::chrono::milliseconds patience_;
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace belfry::daemon
