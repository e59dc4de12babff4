#include "jobs/http_batch.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "async/concurrent_map.hpp"
#include "async/loop.hpp"
#include "async/retry.hpp"
#include "async/sleep.hpp"
#include "io/transfers.hpp"
#include "jobs/cut_text.hpp"
#include "time/duration.hpp"

namespace belfry::jobs {

namespace {

using ledger::Outcome;

constexpr std::size_t most_list = std::size_t{64} << 20U;  // of urls_file, in bytes
constexpr std::size_t enough_to_write = std::size_t{64} << 10U;

/// One URL in each line; empty ones and those with # in front are passed over.
std::vector<std::string> lines_of(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trimmed(text.substr(0, end));
    if (!line.empty() && !line.starts_with('#')) lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string message_of(const std::exception_ptr& error, Outcome& outcome) {
  try {
    std::rethrow_exception(error);
  } catch (const HttpFailure& failure) {
    outcome = failure.outcome;
    return failure.message;
  } catch (const std::exception& failure) {
    return failure.what();
  }
}

bool may_help(const std::exception_ptr& error) {
  Outcome outcome = Outcome::failure;
  message_of(error, outcome);
  return outcome != Outcome::start_error;
}

}  // namespace

/// What became of one URL.
struct HttpBatchRun::Result {
  int status = 0;
  int tries = 0;
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds latency{};
  std::string body;
  std::string error;  ///< empty: it was as expected
};

HttpBatchRun::HttpBatchRun(const HttpSpec& spec, async::ThreadPool& pool)
    : spec_(spec), batch_(*spec.batch), pool_(pool), urls_(batch_.urls), output_(spec.output_budget) {
  if (batch_.per_second > 0) rate_.emplace(batch_.per_second, std::chrono::seconds(1));
}

async::Task<> HttpBatchRun::read_urls() {
  if (!batch_.urls_file.empty()) {
    const std::string text = co_await read_regular_file(batch_.urls_file, most_list, "read");
    urls_ = lines_of(text);
  }
  if (urls_.empty()) throw HttpFailure{Outcome::start_error, batch_.urls_file + " holds no URL: one in each line"};
}

async::Task<> HttpBatchRun::run(io::HttpRequest request, SavedFile* file) {
  const auto begin = async::Loop::current().now_ns();
  request_ = std::move(request);
  file_ = file;
  // A connection that is used again does not show its certificate once more.
  if (!request_.ask_certificate) request_.connections = io::Transfers::of_its_own();
  const std::size_t size = batch_.size > 0 ? batch_.size : urls_.size();
  for (std::size_t next = 0; next < urls_.size(); next += size) {
    if (next > 0) co_await async::sleep(batch_.pause);
    const auto first = urls_.begin() + static_cast<std::ptrdiff_t>(next);
    const auto count = static_cast<std::ptrdiff_t>(std::min(size, urls_.size() - next));
    co_await async::concurrent_map(batch_.concurrency, std::vector<std::string>(first, first + count),
                                   [this](const std::string& url) { return ask(url); });
  }
  if (file_ != nullptr) co_await file_->write(std::exchange(unwritten_, {}));
  took_ = std::chrono::nanoseconds(async::Loop::current().now_ns() - begin);
  request_.connections.reset();
}

async::Task<> HttpBatchRun::ask(const std::string& url) {
  Result result;
  const auto begin_try = [&] { return try_once(url, result); };
  try {
    co_await async::retry(begin_try, async::RetryOptions(batch_.tries).when(may_help));
  } catch (const async::Cancelled&) {
    throw;
  } catch (...) {
    Outcome ignored = Outcome::failure;
    result.error = message_of(std::current_exception(), ignored);
  }
  co_await note(url, std::move(result));
}

async::Task<> HttpBatchRun::try_once(const std::string& url, Result& result) {
  async::Semaphore::Permit place;
  if (batch_.per_host > 0) place = co_await host_of(url).acquire();
  if (rate_) co_await rate_->acquire();
  HttpBody body(spec_, HttpBody::Use::text);
  HttpExchange exchange(spec_, pool_, body);
  io::HttpRequest request = request_;
  request.url = url;
  ++result.tries;
  std::exception_ptr failed;
  try {
    if (!io::is_http_url(url)) throw HttpFailure{Outcome::start_error, "this is no http or https URL"};
    if (io::has_credentials(url)) {
      throw HttpFailure{Outcome::start_error, "a URL holds no user and no password here: give them as auth"};
    }
    co_await exchange.check(co_await exchange.send(std::move(request)));
  } catch (...) {
    failed = std::current_exception();
  }
  result.status = exchange.status();
  result.bytes = body.total();
  result.latency = exchange.latency();
  if (failed) std::rethrow_exception(failed);
  if (batch_.bodies) result.body = body.text();
}

/// The lock bounds what waits to be written.
async::Task<> HttpBatchRun::note(const std::string& url, Result result) {
  const bool well = result.error.empty();
  const std::string origin = io::origin_of(url);
  const bool hidden = !well && io::has_credentials(url);
  nlohmann::ordered_json line{
      {"url", hidden ? origin : url}, {"status", result.status},
      {"bytes", result.bytes},        {"seconds", std::chrono::duration<double>(result.latency).count()},
      {"tries", result.tries},        {"ok", well}};
  if (!well) line["error"] = result.error;
  if (well && batch_.bodies) line["body"] = std::move(result.body);
  const std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  ++done_;
  if (!well && failed_++ == 0) first_failure_ = (origin.empty() ? "a line of the list" : origin) + ": " + result.error;
  if (file_ == nullptr) {
    output_.append(text);
    co_return;
  }
  unwritten_ += text;
  if (unwritten_.size() < enough_to_write) co_return;
  const async::Lock::Guard writing = co_await lock_.acquire();
  if (!unwritten_.empty()) co_await file_->write(std::exchange(unwritten_, {}));
}

async::Semaphore& HttpBatchRun::host_of(const std::string& url) {
  auto& host = hosts_[io::origin_of(url)];
  if (!host) host = std::make_unique<async::Semaphore>(batch_.per_host);
  return *host;
}

void HttpBatchRun::judge() const {
  if (failed_ <= batch_.max_failures) return;
  throw HttpFailure{Outcome::failure, std::to_string(failed_) + " of " + std::to_string(done_) +
                                          " were not as expected, the first of them " + first_failure_};
}

std::string HttpBatchRun::sentence() const {
  return std::to_string(done_ - failed_) + " of " + std::to_string(done_) + " as expected, in " +
         time::format_duration(std::chrono::ceil<std::chrono::milliseconds>(took_));
}

void HttpBatchRun::report(engine::Report& report) const {
  report.standard_output = {.head = output_.head(),
                            .tail = output_.tail(),
                            .total_bytes = output_.total(),
                            .dropped_bytes = output_.dropped()};
}

}  // namespace belfry::jobs
