// Transfers: libcurl's multi interface, driven by the loop. The part below HttpClient and SmtpClient.
//
// libcurl tells which sockets it waits for and until when; libuv watches the ones, the loop's timers the other. Names
// are looked up by a thread of libcurl's, so that a dead name server holds nobody. Loop thread only.
#pragma once

#include <map>
#include <memory>

#include "async/loop.hpp"
#include "async/loop_timer.hpp"
#include "async/task.hpp"
#include "io/external_work.hpp"

namespace belfry::io {

class Transfers final : private async::detail::LoopTimer {
 public:
  /// The one of the running loop. It lives as long as somebody holds it, and must be let go of before its loop ends; no
  /// descriptor is open while nobody does. The system's certificates, which take the loop 20 ms to read, are kept for a
  /// day by one that is held so long. Throws std::runtime_error when libcurl cannot start.
  static std::shared_ptr<Transfers> of_current_loop();

  /// Another one, for connections that are kept: they are closed when it is let go of.
  static std::shared_ptr<Transfers> of_its_own();

  /// Runs a transfer to its end and returns its CURLcode. `easy` is a CURL*, which stays the caller's, with all options
  /// set but CURLOPT_PRIVATE. Cancellation: the transfer is given up at once, whatever it waits for.
  async::Task<int> perform(void* easy);

  /// Sets what every transfer has: no signals, descriptors that are closed by execve(2), a look-up of names that is
  /// given up without waiting for its thread, and no connection kept for later.
  static void prepare(void* easy);

  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;
  ~Transfers();

 private:
  class Perform;
  class Socket;

  explicit Transfers(async::Loop& loop);
  static int on_socket(void* easy, int fd, int what, void* self, void* known) noexcept;
  static int on_timer(void* multi, long milliseconds, void* self) noexcept;
  void watch(int fd, int what);
  void go_on(int fd, int events) noexcept;
  void fire() noexcept override;

  async::Loop& loop_;
  void* multi_;
  std::map<int, std::unique_ptr<Socket>> sockets_;
};

}  // namespace belfry::io
