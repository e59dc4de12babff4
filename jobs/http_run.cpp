#include "jobs/http_run.hpp"

#include <exception>
#include <stdexcept>
#include <utility>

#include "async/cancel.hpp"
#include "async/gather.hpp"
#include "io/io_error.hpp"
#include "jobs/http_batch.hpp"
#include "jobs/http_body.hpp"
#include "jobs/http_exchange.hpp"
#include "jobs/saved_file.hpp"

namespace belfry::jobs {

namespace {

using ledger::Outcome;

constexpr std::size_t most_sent = std::size_t{64} << 20U;

/// What has to be there before anything is sent.
template <class T>
async::Task<T> prepared(async::Task<T> task) {
  try {
    co_return co_await std::move(task);
  } catch (const std::runtime_error& error) {
    throw HttpFailure{Outcome::start_error, error.what()};
  }
}

/// One run: a request, or many.
class HttpRun {
 public:
  HttpRun(const HttpSpec& spec, async::ThreadPool& pool)
      : spec_(spec),
        pool_(pool),
        body_(spec, spec.save_to.empty() ? HttpBody::Use::output : HttpBody::Use::file),
        exchange_(spec, pool, body_) {
    if (spec.batch) batch_.emplace(spec, pool);
  }

  async::Task<> run(std::string& message) {
    io::HttpRequest request = spec_.request;
    if (!spec_.body_file.empty()) {
      request.body = co_await prepared(read_regular_file(spec_.body_file, most_sent, "send"));
    }
    if (batch_) co_await prepared(batch_->read_urls());
    if (spec_.save_to.empty()) {
      co_await carry_out(std::move(request), nullptr);
      judge();
      message = sentence();
      co_return;
    }
    SavedFile file = co_await prepared(SavedFile::beside(spec_.save_to, pool_));
    std::exception_ptr failed;
    try {
      co_await carry_out(std::move(request), &file);
      co_await file.commit(pool_);
    } catch (...) {
      failed = std::current_exception();
    }
    if (failed) {
      co_await file.discard();
      std::rethrow_exception(failed);
    }
    judge();
    message = sentence() + ", saved as " + spec_.save_to;
  }

  void report(engine::Report& report) const {
    if (batch_) {
      batch_->report(report);
    } else {
      body_.report(report);
    }
  }

 private:
  async::Task<> carry_out(io::HttpRequest request, SavedFile* file) {
    if (batch_) {
      co_await batch_->run(std::move(request), file);
      co_return;
    }
    if (file == nullptr) {
      co_await exchange_.check(co_await exchange_.send(std::move(request)));
      co_return;
    }
    const auto [answer, written] = co_await async::gather(exchange_.send(std::move(request)), body_.write_to(*file));
    co_await exchange_.check(answer);
  }

  /// The results of many are saved, whatever they are; an answer that is not as expected is not.
  void judge() const {
    if (batch_) batch_->judge();
  }

  std::string sentence() const { return batch_ ? batch_->sentence() : exchange_.sentence(); }

  const HttpSpec& spec_;
  async::ThreadPool& pool_;
  HttpBody body_;
  HttpExchange exchange_;
  std::optional<HttpBatchRun> batch_;
};

}  // namespace

async::Task<Outcome> run_http(const HttpSpec& spec, async::ThreadPool& pool, engine::Report& report) {
  HttpRun run(spec, pool);
  Outcome outcome = Outcome::success;
  std::exception_ptr interrupted;
  try {
    co_await run.run(report.message);
  } catch (const HttpFailure& failure) {
    outcome = failure.outcome;
    report.message = failure.message;
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
