// The HTTP server of the control socket: libmicrohttpd on one thread of its own, so that a slow client can never delay
// a slot and a stalled loop never leaves a client without an answer.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "daemon/control/exchange.hpp"
#include "daemon/control/unix_listener.hpp"

struct MHD_Connection;
struct MHD_Daemon;

namespace belfry::daemon {

struct HttpOptions {
  std::filesystem::path socket{};
  mode_t mode = 0600;
  int inherited = -1;                                 ///< see UnixListener
  std::size_t body_limit = std::size_t{1} << 20;      ///< bytes; more is answered with 413
  unsigned connections = 128;                         ///< more are closed at once
  std::chrono::milliseconds request_deadline{4'000};  ///< from the first byte expected to the last one received
};

/// Listens from the constructor to the destructor. Every member may be called from any thread.
class HttpServer {
 public:
  /// `handler` is called on the server's thread. Throws ListenError.
  HttpServer(const HttpOptions& options, Handler handler);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Answers what waits with 503 and joins the thread.
  ~HttpServer();

  /// Of the socket that listens.
  int descriptor() const noexcept { return listener_.descriptor(); }

 private:
  struct Connection;
  struct Waiting;
  struct Callbacks;

  void serve();
  void turn();
  int patience() const;
  void accept_all();
  void take_letters();
  void expire_waiting(SteadyTime now);
  void drop_late_senders(SteadyTime now);
  void answer(Waiting& waiting, Reply reply);
  void dispatch(Waiting& waiting);
  void stop();

  HttpOptions options_;
  Handler handler_;
  UnixListener listener_;
  std::shared_ptr<Mailbox> mailbox_;
  MHD_Daemon* mhd_ = nullptr;
  int mhd_descriptor_ = -1;
  std::list<Connection> connections_;
  std::map<std::uint64_t, Waiting*> waiting_;  // dispatched, not yet answered
  std::uint64_t next_exchange_ = 1;
  std::optional<Peer> accepting_;  // of the connection that is being handed to MHD
  std::atomic<bool> stopping_{false};
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace belfry::daemon
