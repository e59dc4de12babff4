// FdWatcher: waits until a descriptor can be read or written, on the loop.
#pragma once

#include <cstdint>
#include <memory>

#include "async/waiter.hpp"
#include "io/poller.hpp"

namespace belfry::io {

/// Watches one borrowed descriptor (pipe, socket, pidfd, signalfd, timerfd...; not a regular file). Made and used on
/// the loop's thread; must be destroyed before the descriptor is closed and before the loop ends. Not movable.
class FdWatcher final : private PollHandler {
 public:
  enum class Interest : std::uint8_t { read, write, both, hangup };
  class Ready;

  /// Throws std::system_error.
  explicit FdWatcher(int fd, Interest interest = Interest::read);
  FdWatcher(const FdWatcher&) = delete;
  FdWatcher& operator=(const FdWatcher&) = delete;
  ~FdWatcher();

  /// `co_await watcher.readable()`: returns once a read would not block (data, end of file or an error). In this
  /// or the next turn if that is so already. Resumes on the loop. Cancellation: stops waiting, throws Cancelled. One
  /// task at a time.
  Ready readable();
  /// The same for writing. One task at a time.
  Ready writable();
  /// The same for the other side's end: a pidfd's process has been reaped. Of a watcher with Interest::hangup alone.
  Ready hung_up();

 private:
  void on_ready(std::uint32_t events) override;

  std::shared_ptr<Poller> poller_;
  int fd_;
  Ready* reader_ = nullptr;
  Ready* writer_ = nullptr;
  bool silent_ = true;  // nothing was reported yet, so what is ready now will be
};

class FdWatcher::Ready final : public async::Waiter {
 public:
  ~Ready() override { detach(); }
  void await_resume() { finish(); }

 private:
  friend class FdWatcher;
  Ready(const FdWatcher& watcher, Ready*& slot, short wanted, const char* waits_for)
      : Waiter(waits_for), watcher_(watcher), slot_(slot), wanted_(wanted) {}
  bool start() override;
  bool abandon() noexcept override { return detach(), true; }
  void detach() noexcept {
    if (slot_ == this) slot_ = nullptr;
  }

  const FdWatcher& watcher_;
  Ready*& slot_;
  short wanted_;
};

}  // namespace belfry::io
