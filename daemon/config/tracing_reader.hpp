// The key `tracing` of the top: where a trace of each run is sent. Plain values, and their reader.
#pragma once

#include <filesystem>
#include <string>

#include "daemon/config/http_headers.hpp"

namespace belfry::daemon {

struct TracingSettings {
  Place place{};    ///< of the endpoint in the file
  Secret endpoint;  ///< as it was written; see traces_url()
  HttpHeaders headers;
  std::string service_name = "belfry";
  time::Duration interval = std::chrono::seconds{5};
  int queue_limit = 4096;
  time::Duration timeout = std::chrono::seconds{10};  ///< of one try
  std::filesystem::path ca_file;                      ///< empty: the system's authorities
};

/// Complains about what is wrong, and keeps the default for it.
TracingSettings read_tracing(const Value& value, const SecretFiles& files);

/// Where spans go: `endpoint`, with /v1/traces if it has no path. Empty when `endpoint` is.
std::string traces_url(std::string_view endpoint);

}  // namespace belfry::daemon
