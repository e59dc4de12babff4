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
#include <vector>

#include "daemon/control/http.hpp"

namespace belfry::daemon {

/// Makes the reply on the server's thread: there it may read the disk and build documents.
using Finish = std::move_only_function<Reply()>;

using SteadyTime = std::chrono::steady_clock::time_point;

/// Where answers lie until the server's thread takes them. Any thread; outlives the server.
class Mailbox {
 public:
  struct Answer {
    std::uint64_t exchange = 0;
    Finish finish;
  };

  /// Throws std::system_error when there is no descriptor left.
  Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox();

  void put(Answer answer);
  void wake() noexcept;
  std::vector<Answer> take();                      ///< all there are; the descriptor becomes silent
  int descriptor() const noexcept { return fd_; }  ///< readable while there is something to do

 private:
  int fd_;
  std::mutex mutex_;
  std::vector<Answer> answers_;
};

/// What happens when nobody answers in time. Server thread only. `finish` may give no reply after all: then the
/// exchange goes on waiting, without a deadline.
struct Expiry {
  SteadyTime at;
  std::move_only_function<std::optional<Reply>()> finish;
};

/// Copyable; all copies are the same exchange. The first answer counts, later ones are dropped, and so are those for a
/// client that is gone.
class Exchange {
 public:
  Exchange(std::shared_ptr<Mailbox> mailbox, std::uint64_t id, std::optional<Expiry>* expiry)
      : mailbox_(std::move(mailbox)), id_(id), expiry_(expiry) {}

  /// Any thread.
  void reply(Reply reply) const;
  void finish(Finish finish) const;

  /// At its time, unless there was an answer, the expiry makes it. REQUIRES: inside of the handler. A second call
  /// replaces.
  void expire(Expiry expiry) const { *expiry_ = std::move(expiry); }

 private:
  std::shared_ptr<Mailbox> mailbox_;
  std::uint64_t id_;
  std::optional<Expiry>* expiry_;
};

/// Takes a request on the server's thread and sees that it is answered sooner or later. Does not block for long.
using Handler = std::function<void(const Request&, const Exchange&)>;

}  // namespace belfry::daemon
