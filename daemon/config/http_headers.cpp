#include "daemon/config/http_headers.hpp"

#include <utility>

#include "io/http_client.hpp"

namespace belfry::daemon {

HttpHeaders read_headers(const Value& value, const SecretFiles& files) {
  HttpHeaders headers;
  if (!is_map_of_secrets(value, "a map of headers by name")) return headers;
  for (const auto& entry : value.node().entries) {
    const auto header = value.child(entry);
    if (!io::is_header_name(entry.key)) {
      value.errors().hide_line(entry.place);  // the value may have become a part of the name
      value.errors().add(entry.place, value.path(), {"not the name of a header", "letters, digits and \"-\""});
      continue;
    }
    if (auto text = read_secret(header, files)) headers.push_back({entry.key, std::move(*text)});
  }
  return headers;
}

}  // namespace belfry::daemon
