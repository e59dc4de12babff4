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
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/clock.hpp"
#include "async/task.hpp"
#include "io/transfer_failure.hpp"

namespace belfry::io {

class Transfers;

/// Who gets the body of an answer, piece by piece, instead of HttpAnswer::body. Must outlive the request.
class HttpBodySink {
 public:
  enum class Take : std::uint8_t {
    more,
    wait,  ///< this piece was not taken; it comes again after resume(), and nothing is read until then
    stop,  ///< the transfer is given up: TransferFailure::Kind::stopped
  };
  virtual ~HttpBodySink() = default;

  /// A piece of the answer of that status. Called on the loop.
  virtual Take take(int status, std::span<const char> piece) noexcept = 0;

  /// There is room again. Loop thread, not within take(). Nothing happens when nothing waits.
  void resume() noexcept;

 private:
  friend class HttpTransfer;
  void* easy_ = nullptr;  // while a transfer is under way
  bool waits_ = false;
};

enum class HttpVersion : std::uint8_t { best, v1_0, v1_1, v2 };

struct HttpRequest {
  std::string method = "GET";
  std::string url;                                     ///< http or https; may hold secrets
  std::vector<std::string> headers{};                  ///< "Name: value"; may hold secrets
  std::string body{};                                  ///< sent unless it is empty and the method is GET or HEAD
  async::Duration timeout = std::chrono::seconds{10};  ///< from the look-up of the name to the last byte
  std::string ca_file{};                               ///< PEM: whom to trust instead of the system's authorities
  std::size_t most_body = std::size_t{64} << 10U;      ///< of the answer's body so many bytes are kept

  std::string user{};      ///< for the scheme Basic; empty: none
  std::string password{};  ///< a secret
  std::string client_cert{};
  std::string client_key{};
  bool verify = true;            ///< false: the server's certificate is not looked at
  bool ask_certificate = false;  ///< fills in HttpAnswer::certificate_ends
  std::string proxy{};           ///< a URL; "none": none; empty: as the environment says
  HttpVersion version = HttpVersion::v1_1;
  async::Duration connect_timeout{};  ///< up to the end of the TLS handshake; 0: only `timeout` holds
  async::Duration idle_timeout{};     ///< whole seconds without a byte; 0: only `timeout` holds
  std::uint64_t most_rate = 0;        ///< bytes per second of the answer; 0: no limit
  HttpBodySink* sink = nullptr;

  /// Connections that are used again and kept, for many requests with the same TLS options: a set of their own
  /// (Transfers::of_its_own()). None: a new connection, which is closed behind.
  std::shared_ptr<Transfers> connections{};
};

struct HttpAnswer {
  int status = 0;
  std::string body;                            ///< its first bytes, see HttpRequest::most_body
  std::string redirect_origin;                 ///< "https://host" where a redirect points to; else empty
  std::optional<async::Duration> retry_after;  ///< what the server asks for by Retry-After
  std::string redirect_url{};                  ///< where a redirect points to; may hold secrets
  std::vector<std::pair<std::string, std::string>> headers{};  ///< the first 64 KiB, names in lower case
  std::optional<std::chrono::sys_seconds> certificate_ends{};  ///< when the server's certificate ends to hold
};

/// Sends the request and reads the answer. Resumes on the loop. Cancellation: the connection is closed at once.
async::Task<std::expected<HttpAnswer, TransferFailure>> send(HttpRequest request);

/// Whether `url` is one that send() may be able to reach: http or https, with a host.
bool is_http_url(std::string_view url);

/// What stands in "NAME: value", and nothing else: no line break can smuggle in another header.
bool is_header_name(std::string_view name);
bool is_header_value(std::string_view value);

/// Whether two names of headers are one: case does not count.
bool same_header(std::string_view one, std::string_view other);

/// Whether there is a user or a password in the URL.
bool has_credentials(std::string_view url);

/// "https://host:8443" of a URL, which holds no secret; empty when it is none.
std::string origin_of(std::string_view url);

}  // namespace belfry::io
