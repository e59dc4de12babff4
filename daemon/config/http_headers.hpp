// Headers of an HTTP request that a configuration asks for: their values are secrets. Plain values, and their reader.
#pragma once

#include <string>
#include <vector>

#include "daemon/config/secret.hpp"

namespace belfry::daemon {

struct HttpHeader {
  std::string name;
  Secret value;
};

using HttpHeaders = std::vector<HttpHeader>;

/// Reads a map of headers by name, each a text or {file: PATH}; complains about what is wrong, which is left out.
HttpHeaders read_headers(const Value& value, const SecretFiles& files);

}  // namespace belfry::daemon
