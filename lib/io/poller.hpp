// Poller: many short-lived descriptors on one loop, cheaply. The part below FdWatcher and OutputCapture.
//
// uv_poll asks for five system calls, an allocation and a closing callback for each descriptor; a job has three. Here
// an epoll of our own takes them with one call each, edge-triggered, and libuv watches nothing but that epoll.
// Loop thread only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "async/loop.hpp"
#include "async/uv_handle.hpp"
#include "io/fd.hpp"

namespace belfry::io {

/// Who is told that a descriptor became ready.
class PollHandler {
 public:
  /// `events`: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR. On the loop's thread, once for each change to "ready". May add
  /// and remove handlers, itself too.
  virtual void on_ready(std::uint32_t events) = 0;

 protected:
  ~PollHandler() = default;
};

class Poller {
 public:
  /// The one of the running loop. It lives as long as somebody holds it and must be let go of before its loop ends.
  static std::shared_ptr<Poller> of_current_loop();

  /// Edge-triggered: whoever is told reads until EAGAIN. REQUIRES: the handler outlives remove(). Throws
  /// std::system_error (EPERM for a regular file: it is always ready).
  void add(int fd, std::uint32_t events, PollHandler& handler);

  /// No call comes any more, also of events found already. Before the descriptor is closed.
  void remove(int fd, PollHandler& handler) noexcept;

  /// Memory for one read, shared by all handlers: valid until the handler returns.
  std::span<char> scratch();

  /// Two pipes, those that were made ahead or new ones. Throws std::system_error.
  StreamPipes take_stream_pipes();

  /// Makes two ahead, unless they are there: while a program starts on another core, so that the next one need not wait
  /// for its pipes. Where there are no descriptors left, take_stream_pipes() will say so.
  void prepare_stream_pipes() noexcept;

  async::Loop& loop() noexcept { return loop_; }

  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller();

 private:
  explicit Poller(async::Loop& loop);
  void dispatch();

  async::Loop& loop_;
  Fd epoll_;
  async::UvHandle<uv_poll_t> handle_;
  std::array<PollHandler*, 64> found_{};  // of the batch being dispatched; remove() clears entries
  std::size_t found_count_ = 0;
  std::int64_t dispatched_at_ = 0;  // on the clock of the loop
  std::optional<StreamPipes> prepared_;
  std::vector<char> scratch_;  // made when it is first needed
};

}  // namespace belfry::io
