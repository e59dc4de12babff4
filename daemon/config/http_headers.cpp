#include "daemon/config/http_headers.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace belfry::daemon {
namespace {

bool is_token(std::string_view text) {
  static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || others.contains(c);
  });
}

}  // namespace

HttpHeaders read_headers(const Value& value, const SecretFiles& files) {
  HttpHeaders headers;
  if (!is_map_of_secrets(value, "a map of headers by name")) return headers;
  for (const auto& entry : value.node().entries) {
    const auto header = value.child(entry);
    if (!is_token(entry.key)) {
      value.errors().hide_line(entry.place);  // the value may have become a part of the name
      value.errors().add(entry.place, value.path(), {"not the name of a header", "letters, digits and \"-\""});
      continue;
    }
    if (auto text = read_secret(header, files)) headers.push_back({entry.key, std::move(*text)});
  }
  return headers;
}

}  // namespace belfry::daemon
