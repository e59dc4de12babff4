#include "jobs/http_run.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "async/event.hpp"
#include "async/gather.hpp"
#include "async/loop.hpp"
#include "io/head_tail_buffer.hpp"
#include "io/io_error.hpp"
#include "jobs/saved_file.hpp"
#include "time/duration.hpp"

namespace belfry::jobs {

namespace {

using io::HttpAnswer;
using io::TransferFailure;
using ledger::Outcome;
using Answer = std::expected<HttpAnswer, TransferFailure>;

constexpr std::size_t most_waiting = std::size_t{1} << 20U;  // bytes that wait to be written to the file
constexpr std::size_t most_sent = std::size_t{64} << 20U;

/// The run cannot go on: how it ends, and the sentence.
struct Ended {
  Outcome outcome;
  std::string message;
};

/// Where the body of the answer goes: into the output, into memory to be checked, into the queue of a file.
class AnswerBody final : public io::HttpBodySink {
 public:
  explicit AnswerBody(const HttpSpec& spec) : spec_(spec), output_(spec.output_budget) {}

  /// A redirect that is followed has a body that nobody wants.
  void pass_over_redirects(bool yes) noexcept { passing_over_ = yes; }

  Take take(int status, std::span<const char> piece) noexcept override {
    if (passing_over_ && status >= 300 && status < 400) return Take::more;
    const bool saving = !spec_.save_to.empty() && spec_.expect.status.contains(status);
    try {
      if (saving && waiting_.size() >= most_waiting) return Take::wait;
      if (total_ + piece.size() > spec_.max_bytes) {
        too_large_ = true;
        return Take::stop;
      }
      total_ += piece.size();
      if (saving) {
        waiting_.append(piece.begin(), piece.end());
        wake_.set();
      } else {
        output_.append(piece);
      }
      if (spec_.expect.reads_body()) text_.append(piece.begin(), piece.end());
    } catch (const std::bad_alloc&) {
      return Take::stop;
    }
    return Take::more;
  }

  /// No more comes.
  void close() noexcept {
    closed_ = true;
    wake_.set();
  }

  /// Writes what comes until close().
  async::Task<> write_to(SavedFile& file) {
    while (!closed_ || !waiting_.empty()) {
      if (waiting_.empty()) {
        wake_.clear();
        co_await wake_.wait();
        continue;
      }
      co_await file.write(std::exchange(waiting_, {}));
      resume();
    }
  }

  void report(engine::Report& report) const {
    report.standard_output = {.head = output_.head(),
                              .tail = output_.tail(),
                              .total_bytes = output_.total(),
                              .dropped_bytes = output_.dropped()};
  }
  std::uint64_t total() const noexcept { return total_; }
  bool too_large() const noexcept { return too_large_; }
  const std::string& text() const noexcept { return text_; }

 private:
  const HttpSpec& spec_;
  io::HeadTailBuffer output_;
  std::string text_;
  std::string waiting_;
  async::Event wake_;
  std::uint64_t total_ = 0;
  bool passing_over_ = false;
  bool closed_ = false;
  bool too_large_ = false;
};

/// What may go to the place where a redirect leads. Throws Ended where it must not be followed.
void redirect(io::HttpRequest& request, const HttpAnswer& answer) {
  const std::string from = io::origin_of(request.url);
  if (!io::is_http_url(answer.redirect_url)) {
    throw Ended{Outcome::failure, from + " redirects to what is no http or https URL"};
  }
  const std::string& to = answer.redirect_origin;
  if (from.starts_with("https:") && to.starts_with("http:")) {
    throw Ended{Outcome::failure, from + " redirects to " + to + ", which is not protected; it was not followed"};
  }
  const bool get_next =
      answer.status == 303 || ((answer.status == 301 || answer.status == 302) && request.method == "POST");
  if (get_next && request.method != "HEAD") {
    request.method = "GET";
    request.body.clear();
    std::erase_if(request.headers, [](std::string_view line) {
      return io::same_header(line.substr(0, line.find_first_of(":;")), "Content-Type");
    });
  }
  if (to != from) {
    if (!request.body.empty()) {
      throw Ended{Outcome::failure, from + " redirects to " + to +
                                        ", and what is sent is not meant for another host; "
                                        "name that URL instead"};
    }
    request.headers.clear();
    request.user.clear();
    request.password.clear();
    request.client_cert.clear();
    request.client_key.clear();
  }
  request.url = answer.redirect_url;
}

std::string told(std::chrono::nanoseconds span) {
  return time::format_duration(std::chrono::ceil<std::chrono::milliseconds>(span));
}

class HttpRun {
 public:
  HttpRun(const HttpSpec& spec, async::ThreadPool& pool) : spec_(spec), pool_(pool), body_(spec) {}

  async::Task<> run(std::string& message) {
    io::HttpRequest request = spec_.request;
    if (!spec_.body_file.empty())
      request.body = co_await prepared(read_regular_file(spec_.body_file, most_sent, "send"));
    if (spec_.save_to.empty()) {
      const HttpAnswer answer = co_await exchange(std::move(request));
      co_await check(answer);
      message = sentence(answer);
      co_return;
    }
    SavedFile file = co_await prepared(SavedFile::beside(spec_.save_to));
    std::exception_ptr failed;
    try {
      co_await save(std::move(request), file, message);
    } catch (...) {
      failed = std::current_exception();
    }
    if (!failed) co_return;
    co_await file.discard();
    std::rethrow_exception(failed);
  }

  void report(engine::Report& report) const { body_.report(report); }

 private:
  /// What has to be there before anything is sent.
  template <class T>
  static async::Task<T> prepared(async::Task<T> task) {
    try {
      T value = co_await std::move(task);
      co_return value;
    } catch (const io::IoError& error) {
      throw Ended{Outcome::start_error, error.what()};
    }
  }

  async::Task<> save(io::HttpRequest request, SavedFile& file, std::string& message) {
    auto [answer, written] = co_await async::gather(exchange(std::move(request)), body_.write_to(file));
    co_await check(answer);
    co_await file.commit(pool_);
    message = sentence(answer) + ", saved as " + spec_.save_to;
  }

  /// Sends the request, follows redirects, and closes the body.
  async::Task<HttpAnswer> exchange(io::HttpRequest request) {
    const auto begin = async::Loop::current().now_ns();
    request.sink = &body_;
    for (int left = spec_.redirects;; --left) {
      if (left < spec_.redirects) {
        request.timeout = spec_.request.timeout - std::chrono::nanoseconds(async::Loop::current().now_ns() - begin);
      }
      if (request.timeout.count() <= 0) {
        throw Ended{Outcome::failure, "the redirects took longer than " + told(spec_.request.timeout)};
      }
      body_.pass_over_redirects(left > 0);
      Answer answer = co_await io::send(request);
      latency_ = std::chrono::nanoseconds(async::Loop::current().now_ns() - begin);
      if (!answer) throw why_not(answer.error(), io::origin_of(request.url));
      const bool leads_on = answer->status >= 300 && answer->status < 400 && !answer->redirect_url.empty() &&
                            spec_.redirects > 0 && !spec_.expect.status.contains(answer->status);
      if (!leads_on) {
        body_.close();
        co_return *std::move(answer);
      }
      if (left == 0) {
        throw Ended{Outcome::failure, io::origin_of(request.url) + " redirects more than " +
                                          std::to_string(spec_.redirects) + " times; does it lead in a circle?"};
      }
      redirect(request, *answer);
    }
  }

  Ended why_not(const TransferFailure& failure, const std::string& origin) const {
    if (failure.kind == TransferFailure::Kind::stopped && body_.too_large()) {
      return {Outcome::failure,
              "the answer of " + origin + " is larger than max_bytes (" + format_size(spec_.max_bytes) + ")"};
    }
    const bool invalid = failure.kind == TransferFailure::Kind::invalid;
    return {invalid ? Outcome::start_error : Outcome::failure,
            failure.message + (failure.advice.empty() ? "" : "; " + failure.advice)};
  }

  async::Task<> check(const HttpAnswer& answer) {
    const HttpExpectation& expect = spec_.expect;
    auto mismatch = head_mismatch(expect, answer, latency_, std::chrono::system_clock::now());
    if (!mismatch && expect.reads_body()) {
      mismatch = co_await pool_.run([&expect, this] { return body_mismatch(expect, body_.text()); });
    }
    if (mismatch) throw Ended{Outcome::failure, *std::move(mismatch)};
  }

  std::string sentence(const HttpAnswer& answer) const {
    return "status " + std::to_string(answer.status) + ", " + format_size(body_.total()) + " in " + told(latency_);
  }

  const HttpSpec& spec_;
  async::ThreadPool& pool_;
  AnswerBody body_;
  std::chrono::nanoseconds latency_{};
};

}  // namespace

async::Task<Outcome> run_http(const HttpSpec& spec, async::ThreadPool& pool, engine::Report& report) {
  HttpRun run(spec, pool);
  Outcome outcome = Outcome::success;
  std::exception_ptr interrupted;
  try {
    co_await run.run(report.message);
  } catch (const Ended& ended) {
    outcome = ended.outcome;
    report.message = ended.message;
  } catch (const async::Cancelled&) {
    interrupted = std::current_exception();
  } catch (const std::exception& error) {
    outcome = Outcome::failure;
    report.message = error.what();
  }
  run.report(report);
  if (interrupted) std::rethrow_exception(interrupted);
  co_return outcome;
}

}  // namespace belfry::jobs
