// A request that waits for its reply, as a handle that any thread may answer, at most once and at any time.
//
//   server thread: handler(request, exchange) ... connection suspended ... finish() runs here, the reply is sent
//                        |                                  ^
//                        v                                  | mailbox, woken by an eventfd
//   any thread:     exchange.reply(...) or exchange.finish(...)
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/control/http.hpp"

namespace belfry::daemon {

/// Makes the reply on the server's thread: there it may read the disk and build documents.
using Finish = std::move_only_function<Reply()>;

using SteadyTime = std::chrono::steady_clock::time_point;

/// What happens when nobody answers in time. `finish` runs on the server's thread; it may give no reply after all: then
/// the exchange goes on waiting, without a deadline.
struct Expiry {
  SteadyTime at;
  std::move_only_function<std::optional<Reply>()> finish;
};

/// Where answers and deadlines lie until the server's thread takes them. Any thread; outlives the server.
class Mailbox {
 public:
  struct Letter {
    std::uint64_t exchange = 0;
    std::variant<Finish, Expiry> content;
  };

  /// Throws std::system_error when there is no descriptor left.
  Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox();

  void put(Letter letter);
  void wake() const noexcept;
  std::vector<Letter> take();                      ///< all there are; the descriptor becomes silent
  int descriptor() const noexcept { return fd_; }  ///< readable while there is something to do

 private:
  int fd_;
  std::mutex mutex_;
  std::vector<Letter> letters_;  // in the order in which they were put
};

/// Copyable; all copies are the same exchange. The first answer counts, later ones are dropped, and so are those for a
/// client that is gone. Any thread.
class Exchange {
 public:
  Exchange(std::shared_ptr<Mailbox> mailbox, std::uint64_t id) : mailbox_(std::move(mailbox)), id_(id) {}

  void reply(Reply reply) const;
  void finish(Finish finish) const;

  /// At its time, unless there was an answer, the expiry makes it. A second call replaces.
  void expire(Expiry expiry) const;

 private:
  std::shared_ptr<Mailbox> mailbox_;
  std::uint64_t id_;
};

/// Takes a request on the server's thread and sees that it is answered sooner or later. Does not block for long.
using Handler = std::function<void(const Request&, const Exchange&)>;

}  // namespace belfry::daemon
