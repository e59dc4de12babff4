// HttpClient: one HTTP request at a time and as many as one likes, over libcurl, without blocking the loop.
//
//   HttpRequest request{.method = "POST", .url = "https://example.org/hook", .body = "{}"};
//   const auto answer = co_await send(std::move(request));
//   if (!answer) log(answer.error().message);        // nothing of the URL but its host is in it
//
// Redirects are not followed: whoever asked for them decides what to do. Loop thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/clock.hpp"
#include "async/task.hpp"
#include "io/transfer_failure.hpp"

namespace belfry::io {

struct HttpRequest {
  std::string method = "GET";
  std::string url;                                     ///< http or https; may hold secrets
  std::vector<std::string> headers{};                  ///< "Name: value"; may hold secrets
  std::string body{};                                  ///< sent unless it is empty and the method is GET or HEAD
  async::Duration timeout = std::chrono::seconds{10};  ///< from the look-up of the name to the last byte
  std::string ca_file{};                               ///< PEM: whom to trust instead of the system's authorities
  std::size_t most_body = std::size_t{64} << 10U;      ///< of the answer's body so many bytes are kept
};

struct HttpAnswer {
  int status = 0;
  std::string body;                            ///< its first bytes, see HttpRequest::most_body
  std::string redirect_origin;                 ///< "https://host" where a redirect points to; else empty
  std::optional<async::Duration> retry_after;  ///< what the server asks for by Retry-After
};

/// Sends the request and reads the answer. Resumes on the loop. Cancellation: the connection is closed at once.
async::Task<std::expected<HttpAnswer, TransferFailure>> send(HttpRequest request);

/// Whether `url` is one that send() may be able to reach: http or https, with a host.
bool is_http_url(std::string_view url);

/// "https://host:8443" of a URL, which holds no secret; empty when it is none.
std::string origin_of(std::string_view url);

}  // namespace belfry::io
