#include "io/transfer_failure.hpp"

#include <curl/curl.h>

#include <cerrno>
#include <chrono>
#include <system_error>

namespace belfry::io {

namespace {

std::string span_text(async::Duration span) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
  return milliseconds % 1000 == 0 ? std::to_string(milliseconds / 1000) + " s" : std::to_string(milliseconds) + " ms";
}

/// What libcurl says of a certificate, without its own heading.
std::string certificate_text(std::string_view detail) {
  constexpr std::string_view heading = "SSL certificate problem: ";
  if (detail.starts_with(heading)) detail.remove_prefix(heading.size());
  return std::string(detail);
}

}  // namespace

TransferFailure failure_of(int code, std::string_view detail, long system_error, std::string_view origin,
                           async::Duration timeout) {
  using Kind = TransferFailure::Kind;
  const std::string where(origin);
  switch (code) {
    case CURLE_URL_MALFORMAT:
      return {Kind::invalid, "this is no URL that can be used"};
    case CURLE_UNSUPPORTED_PROTOCOL:  // we ask for what libcurl has: it is said of an answer that is none
    case CURLE_WEIRD_SERVER_REPLY:
      return {Kind::unreachable,
              "what answers at " + where + " does not speak " + (origin.starts_with("http") ? "HTTP" : "SMTP")};
    case CURLE_COULDNT_RESOLVE_HOST:
      return {Kind::unreachable, "the host of " + where + " is not known to the name servers",
              "check how it is written, and /etc/resolv.conf"};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {Kind::unreachable, "the proxy on the way to " + where + " is not known to the name servers"};
    case CURLE_COULDNT_CONNECT:
      return {Kind::unreachable,
              where + " cannot be reached" +
                  (system_error != 0 ? ": " + std::generic_category().message(static_cast<int>(system_error))
                                     : std::string()),
              system_error == ECONNREFUSED ? "is the server running, and is this its port?" : ""};
    case CURLE_OPERATION_TIMEDOUT:
      return {Kind::timeout, where + " has not answered within " + span_text(timeout)};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {Kind::untrusted, "the certificate of " + where + " is not trusted: " + certificate_text(detail) +
                                   "; name its authority with ca_file"};
    case CURLE_SSL_CACERT_BADFILE:
      return {Kind::untrusted, "the file of authorities (ca_file) cannot be read, or holds no certificate"};
    case CURLE_USE_SSL_FAILED:
      return {Kind::untrusted, where + " offers no TLS"};
    case CURLE_LOGIN_DENIED:
      return {Kind::refused, where + " does not accept the user and the password"};
    case CURLE_SSL_CONNECT_ERROR:
      return {Kind::untrusted, where + " does not speak TLS as we do", "is this the port for https?"};
    case CURLE_SSL_CERTPROBLEM:
      return {Kind::invalid, "the certificate or the key that we show cannot be used",
              "check client_cert and client_key: PEM, of one pair, readable by belfryd"};
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
      return {Kind::unreachable, where + " closed the connection before the end of its answer"};
    case CURLE_WRITE_ERROR:
      return {Kind::stopped, "the answer of " + where + " was not wanted to its end"};
    default:
      return {Kind::unreachable,
              "the connection to " + where + " failed: " + curl_easy_strerror(static_cast<CURLcode>(code))};
  }
}

}  // namespace belfry::io
