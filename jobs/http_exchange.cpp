#include "jobs/http_exchange.hpp"

#include <algorithm>
#include <expected>
#include <optional>
#include <string_view>
#include <utility>

#include "async/loop.hpp"
#include "jobs/parameters.hpp"
#include "time/duration.hpp"

namespace belfry::jobs {

namespace {

using io::HttpAnswer;
using io::TransferFailure;
using ledger::Outcome;
using Answer = std::expected<HttpAnswer, TransferFailure>;

/// What may go to the place where a redirect leads. Throws HttpFailure where it must not be followed.
void redirect(io::HttpRequest& request, const HttpAnswer& answer) {
  const std::string from = io::origin_of(request.url);
  if (!io::is_http_url(answer.redirect_url)) {
    throw HttpFailure{Outcome::failure, from + " redirects to what is no http or https URL"};
  }
  const std::string& to = answer.redirect_origin;
  if (from.starts_with("https:") && to.starts_with("http:")) {
    throw HttpFailure{Outcome::failure, from + " redirects to " + to + ", which is not protected; it was not followed"};
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
      throw HttpFailure{Outcome::failure, from + " redirects to " + to +
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

}  // namespace

async::Task<HttpAnswer> HttpExchange::send(io::HttpRequest request) {
  const auto begin = async::Loop::current().now_ns();
  request.sink = &body_;
  for (int left = spec_.redirects;; --left) {
    if (left < spec_.redirects) {
      request.timeout = spec_.request.timeout - std::chrono::nanoseconds(async::Loop::current().now_ns() - begin);
    }
    if (request.timeout.count() <= 0) {
      throw HttpFailure{Outcome::failure, "the redirects took longer than " + told(spec_.request.timeout)};
    }
    body_.pass_over_redirects(left > 0);
    Answer answer = co_await io::send(request);
    latency_ = std::chrono::nanoseconds(async::Loop::current().now_ns() - begin);
    status_ = answer ? answer->status : 0;
    if (!answer) throw why_not(answer.error(), io::origin_of(request.url));
    const bool leads_on = answer->status >= 300 && answer->status < 400 && !answer->redirect_url.empty() &&
                          spec_.redirects > 0 && !spec_.expect.status.contains(answer->status);
    if (!leads_on) {
      body_.close();
      co_return *std::move(answer);
    }
    if (left == 0) {
      throw HttpFailure{Outcome::failure, io::origin_of(request.url) + " redirects more than " +
                                              std::to_string(spec_.redirects) + " times; does it lead in a circle?"};
    }
    redirect(request, *answer);
  }
}

HttpFailure HttpExchange::why_not(const TransferFailure& failure, const std::string& origin) const {
  if (failure.kind == TransferFailure::Kind::stopped && body_.too_large()) {
    return {Outcome::failure,
            "the answer of " + origin + " is larger than max_bytes (" + format_size(spec_.max_bytes) + ")"};
  }
  const bool invalid = failure.kind == TransferFailure::Kind::invalid;
  return {invalid ? Outcome::start_error : Outcome::failure,
          failure.message + (failure.advice.empty() ? "" : "; " + failure.advice)};
}

async::Task<> HttpExchange::check(const HttpAnswer& answer) {
  const HttpExpectation& expect = spec_.expect;
  auto mismatch = head_mismatch(expect, answer, latency_, std::chrono::system_clock::now());
  if (!mismatch && expect.reads_body()) {
    mismatch = co_await pool_.run([&expect, this] { return body_mismatch(expect, body_.text()); });
  }
  if (mismatch) throw HttpFailure{Outcome::failure, *std::move(mismatch)};
}

std::string HttpExchange::sentence() const {
  return "status " + std::to_string(status_) + ", " + format_size(body_.total()) + " in " + told(latency_);
}

}  // namespace belfry::jobs
