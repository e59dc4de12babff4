// run_until_signal(): run() for a program that ends by a signal, in order: stop taking in work, wait for what is under
// way, force what does not end, clean up.
//
//   int main() {
//     run_until_signal([](Shutdown& shutdown) -> Task<> {
//       Server server;                           // takes in work
//       co_await shutdown.requested();           // SIGTERM or SIGINT came
//       server.stop_listening();
//       co_await server.wait_until_idle();       // at most `grace`; then Cancelled is thrown here
//     });
//   }
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "async/clock.hpp"
#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/task.hpp"

namespace belfry::io {

/// Whether and by what the program was asked to end. Loop thread only.
class Shutdown {
 public:
  /// Returns when the first signal came, or request() was called; at once if that was before.
  async::Event::WaitAwaiter requested() noexcept { return asked_.wait(); }
  bool is_requested() const noexcept { return asked_.is_set(); }
  /// The first signal; nothing if there was none.
  std::optional<int> signal() const noexcept { return signal_; }
  /// Asks the program to end from within, as a signal does.
  void request() noexcept { asked_.set(); }

 private:
  friend class ShutdownRun;
  async::Event asked_;
  std::optional<int> signal_;
};

class ShutdownOptions {
 public:
  /// How long the body may go on after it was asked to end (default 30 s).
  ShutdownOptions& grace(async::Duration grace) noexcept { return grace_ = grace, *this; }
  /// How long cancelled tasks may clean up before the loop destroys their frames (default 10 s).
  ShutdownOptions& clean_up(async::Duration limit) noexcept { return clean_up_ = limit, *this; }
  /// Of the loop; its shutdown_grace is `clean_up`.
  ShutdownOptions& loop(async::LoopOptions options) { return loop_ = std::move(options), *this; }

 private:
  friend class ShutdownRun;
  async::Duration grace_ = std::chrono::seconds(30);
  async::Duration clean_up_ = std::chrono::seconds(10);
  async::LoopOptions loop_;
};

enum class ShutdownEnd : std::uint8_t {
  unasked,  ///< the body returned by itself
  orderly,  ///< it was asked to end, and returned in time
  forced,   ///< it had to be cancelled
};

/// Runs the body on a loop of its own, with SIGTERM and SIGINT blocked in this thread and in those that it starts (call
/// it before any other thread is started). The first of these signals is told by `Shutdown`. When the grace is over, or
/// at the second signal, every task is cancelled (CancelReason::shutdown), and what then outlasts `clean_up` destroyed.
/// Rethrows the body's exception, unless it was forced.
ShutdownEnd run_until_signal(std::function<async::Task<>(Shutdown&)> body,
                             const ShutdownOptions& options = ShutdownOptions());

}  // namespace belfry::io
