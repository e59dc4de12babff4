#include "daemon/control/http_head.hpp"

#include <microhttpd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "daemon/control/api_error.hpp"

namespace belfry::daemon {

namespace {

/// What the headers say that matters here.
struct Head {
  int hosts = 0;
  int lengths = 0;
  int encodings = 0;
  std::string_view length;
  std::string_view encoding;
  bool malformed = false;
};

bool is_token(std::string_view text) {  // RFC 9110, 5.6.2
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kMarks.contains(c);
  });
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

MHD_Result note_header(void* cls, MHD_ValueKind /*kind*/, const char* key, std::size_t key_size, const char* value,
                       std::size_t value_size) {
  Head& head = *static_cast<Head*>(cls);
  const std::string_view name(key, key_size);
  const std::string_view content = value == nullptr ? std::string_view() : std::string_view(value, value_size);
  head.malformed = head.malformed || !is_token(name) || content.find('\0') != std::string_view::npos;
  if (same_name(name, "Host")) ++head.hosts;
  if (same_name(name, "Content-Length")) {
    ++head.lengths;
    head.length = content;
  }
  if (same_name(name, "Transfer-Encoding")) {
    ++head.encodings;
    head.encoding = content;
  }
  return MHD_YES;
}

MHD_Result note_argument(void* cls, MHD_ValueKind /*kind*/, const char* key, const char* value) {
  auto& query = *static_cast<std::map<std::string, std::string>*>(cls);
  query.insert_or_assign(key, value == nullptr ? "" : value);
  return MHD_YES;
}

}  // namespace

std::optional<Reply> refuse_head(MHD_Connection* connection, std::string_view method, std::string_view version,
                                 std::size_t body_limit) {
  constexpr std::array<std::string_view, 4> kMethods{"GET", "HEAD", "POST", "DELETE"};
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return error_reply(505, "bad_request", "this server speaks HTTP/1.1");
  }
  if (std::ranges::find(kMethods, method) == kMethods.end()) {
    return error_reply(405, "bad_request", "the methods are GET, HEAD, POST and DELETE");
  }
  Head head;
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, &note_header, &head);
  if (head.malformed) return error_reply(400, "bad_request", "a header is malformed");
  if (head.hosts > 1 || (head.hosts == 0 && version == "HTTP/1.1")) {
    return error_reply(400, "bad_request", "one Host header is needed");
  }
  // Two framings of one body are how requests are smuggled past a proxy (RFC 9112, 6.3).
  const bool chunked = head.encodings == 1 && same_name(head.encoding, "chunked");
  if (head.lengths > 1 || head.encodings > 1 || (head.lengths == 1 && head.encodings == 1) ||
      (head.encodings == 1 && (!chunked || version == "HTTP/1.0"))) {
    return error_reply(400, "bad_request", "the length of the body must be told in exactly one way");
  }
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(head.length.data(), head.length.data() + head.length.size(), length);
  if (head.lengths == 1 && (error != std::errc{} || end != head.length.data() + head.length.size())) {
    return error_reply(400, "bad_request", "Content-Length is not a number");
  }
  if (length > body_limit) return error_reply(413, "bad_request", "the body is too large");
  return std::nullopt;
}

std::map<std::string, std::string> query_of(MHD_Connection* connection) {
  std::map<std::string, std::string> query;
  MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, &note_argument, &query);
  return query;
}

}  // namespace belfry::daemon
