// HttpBatchRun: the same request to many URLs, so many at a time. Private to http.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/lock.hpp"
#include "async/rate_limiter.hpp"
#include "async/semaphore.hpp"
#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "engine/action.hpp"
#include "io/head_tail_buffer.hpp"
#include "io/http_client.hpp"
#include "jobs/http_exchange.hpp"
#include "jobs/http_spec.hpp"
#include "jobs/saved_file.hpp"

namespace belfry::jobs {

/// Each URL has its line of JSON in the result, in the order in which they are done: {"url", "status", "bytes",
/// "seconds", "tries", "ok"} and, where there is one, "error" and "body". Memory: the URLs, max_bytes for each request
/// under way, 64 KiB of results. Loop thread; all must outlive it.
class HttpBatchRun {
 public:
  HttpBatchRun(const HttpSpec& spec, async::ThreadPool& pool);

  /// Reads urls_file, if there is one. Throws io::IoError, and HttpFailure when there is nothing to do.
  async::Task<> read_urls();

  /// Asks them all; the results go into `file`, or into the output where that is null. Throws io::IoError when they
  /// cannot be written. Cancellation: all connections are closed at once.
  async::Task<> run(io::HttpRequest request, SavedFile* file);

  /// Throws HttpFailure when more than batch.max_failures were not as expected. After run().
  void judge() const;

  /// "98 of 100 as expected, in 3.2s".
  std::string sentence() const;

  void report(engine::Report& report) const;

 private:
  struct Result;

  async::Task<> ask(const std::string& url);
  async::Task<> try_once(const std::string& url, Result& result);
  async::Task<> note(const std::string& url, Result result);
  async::Semaphore& host_of(const std::string& url);

  const HttpSpec& spec_;
  const HttpBatch& batch_;
  async::ThreadPool& pool_;
  std::vector<std::string> urls_;
  io::HttpRequest request_;
  std::optional<async::RateLimiter> rate_;
  std::map<std::string, std::unique_ptr<async::Semaphore>> hosts_;  // by origin
  SavedFile* file_ = nullptr;
  std::string unwritten_;
  async::Lock lock_;
  io::HeadTailBuffer output_;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  std::string first_failure_;
  std::chrono::nanoseconds took_{};
};

}  // namespace belfry::jobs
