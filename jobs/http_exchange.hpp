// HttpExchange: a request and its answer, with the redirects between, and whether it is as expected. Private to http.
#pragma once

#include <chrono>
#include <string>

#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "io/http_client.hpp"
#include "jobs/http_body.hpp"
#include "jobs/http_spec.hpp"
#include "ledger/entry.hpp"

namespace belfry::jobs {

/// What an exchange throws that is not as wished: how a run ends by it, and the sentence, with no more of a URL than
/// its host. start_error: nothing could be sent.
struct HttpFailure {
  ledger::Outcome outcome;
  std::string message;
};

/// Loop thread; all must outlive it.
class HttpExchange {
 public:
  HttpExchange(const HttpSpec& spec, async::ThreadPool& pool, HttpBody& body) : spec_(spec), pool_(pool), body_(body) {}

  /// Sends the request, follows redirects, and closes the body. Throws HttpFailure. Cancellation: the connection is
  /// closed at once.
  async::Task<io::HttpAnswer> send(io::HttpRequest request);

  /// Throws HttpFailure when the answer is not as expected.
  async::Task<> check(const io::HttpAnswer& answer);

  /// From the start of send() to the last answer.
  std::chrono::nanoseconds latency() const noexcept { return latency_; }
  /// Of the last answer; 0: there was none.
  int status() const noexcept { return status_; }

  /// "status 200, 5 B in 12ms".
  std::string sentence() const;

 private:
  HttpFailure why_not(const io::TransferFailure& failure, const std::string& origin) const;

  const HttpSpec& spec_;
  async::ThreadPool& pool_;
  HttpBody& body_;
  std::chrono::nanoseconds latency_{};
  int status_ = 0;
};

}  // namespace belfry::jobs
