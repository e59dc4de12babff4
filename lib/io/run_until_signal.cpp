#include "io/run_until_signal.hpp"

#include <csignal>
#include <variant>

#include "async/race.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "async/timeout.hpp"
#include "io/signals.hpp"

namespace belfry::io {

namespace {

/// Ends the loop: it cancels all tasks and gives them its shutdown_grace.
struct Forced {};

}  // namespace

class ShutdownRun {
 public:
  ShutdownRun(std::function<async::Task<>(Shutdown&)> body, ShutdownOptions options)
      : body_(std::move(body)), options_(std::move(options)) {}

  ShutdownEnd run() {
    async::Loop loop(options_.loop_.shutdown_grace(options_.clean_up_));
    try {
      async::run(loop, supervise());
    } catch (const Forced&) {
      loop.close();
      return ShutdownEnd::forced;
    }
    loop.close();
    return shutdown_.is_requested() ? ShutdownEnd::orderly : ShutdownEnd::unasked;
  }

 private:
  async::Task<> supervise() {
    SignalStream signals(blocked_);
    co_await async::with_task_group([&](async::TaskGroup& group) -> async::Task<> {
      group.start(end_by_signal(signals), "shutdown");
      co_await body_(shutdown_);
      group.cancel();
    });
  }

  async::Task<> end_by_signal(SignalStream& signals) {
    const std::variant<int, std::monostate> asked = co_await async::race(signals.next(), requested());
    if (const int* const signal = std::get_if<int>(&asked)) shutdown_.signal_ = *signal;
    shutdown_.request();
    co_await async::move_on_after(options_.grace_, signals.next());
    async::Loop::current().call_soon([] { throw Forced(); });
  }

  async::Task<> requested() { co_await shutdown_.requested(); }

  BlockedSignals blocked_{SIGTERM, SIGINT};
  std::function<async::Task<>(Shutdown&)> body_;
  ShutdownOptions options_;
  Shutdown shutdown_;
};

ShutdownEnd run_until_signal(std::function<async::Task<>(Shutdown&)> body, const ShutdownOptions& options) {
  return ShutdownRun(std::move(body), options).run();
}

}  // namespace belfry::io
