#include "daemon/config/tracing_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/config/settings_reader.hpp"
#include "io/http_client.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;

/// What a request of OTLP has anyway, and may have once.
bool is_ours(std::string_view header) {
  static constexpr std::array<std::string_view, 3> ours{"content-type", "content-length", "content-encoding"};
  return std::ranges::any_of(ours, [header](std::string_view name) {
    return std::ranges::equal(name, header, [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
  });
}

void read_endpoint(const MapReader& map, const SecretFiles& files, TracingSettings& tracing) {
  if (!map.has("endpoint") && !map.has("endpoint_file") && map.all_known()) {
    map.map().complain({"where to is missing", "the key \"endpoint\", or \"endpoint_file\""});
  }
  auto url = read_secret(map, "endpoint", files);
  if (!url) return;
  const char* const key = map.has("endpoint") ? "endpoint" : "endpoint_file";
  if (const auto value = map.get(key)) tracing.place = value->place();
  tracing.endpoint = std::move(*url);
  if (!tracing.endpoint.text.empty() && !io::is_http_url(tracing.endpoint.text)) {
    map.complain_at_key(key, {"this is no http or https URL", "such as http://localhost:4318"});
  }
}

void read_own_headers(const Value& value, const SecretFiles& files, TracingSettings& tracing) {
  for (const auto& entry : value.node().entries) {
    if (!is_ours(entry.key)) continue;
    value.errors().add(entry.place, value.child(entry).path(), {"belfryd sets this header itself", "", "leave it out"});
  }
  tracing.headers = read_headers(value, files);
}

}  // namespace

TracingSettings read_tracing(const Value& value, const SecretFiles& files) {
  TracingSettings tracing;
  if (!is_map_of_secrets(value, "a map such as {endpoint: http://localhost:4318}")) return tracing;
  const MapReader map(value, tracing_section);
  read_endpoint(map, files, tracing);
  if (const auto headers = map.get("headers")) read_own_headers(*headers, files, tracing);
  if (const auto name = map.get("service_name")) tracing.service_name = name->text().value_or(tracing.service_name);
  const time::DurationOptions spans{.minimum = 100ms, .maximum = 5min};
  if (const auto interval = map.get("interval")) {
    tracing.interval = interval->duration(spans).value_or(tracing.interval);
  }
  if (const auto limit = map.get("queue_limit")) {
    tracing.queue_limit = static_cast<int>(limit->integer(1, 100'000).value_or(tracing.queue_limit));
  }
  if (const auto timeout = map.get("timeout")) tracing.timeout = timeout->duration(spans).value_or(tracing.timeout);
  if (const auto file = map.get("ca_file")) tracing.ca_file = read_path(*file, files.folder).value_or("");
  return tracing;
}

std::string traces_url(std::string_view endpoint) {
  endpoint = endpoint.substr(0, endpoint.find('#'));
  const auto scheme = endpoint.find("://");
  if (scheme == std::string_view::npos) return {};
  const auto end_of_host = std::min(endpoint.find_first_of("/?", scheme + 3), endpoint.size());
  const auto query = std::min(endpoint.find('?', end_of_host), endpoint.size());
  const auto path = endpoint.substr(end_of_host, query - end_of_host);
  if (path.find_first_not_of('/') != std::string_view::npos) return std::string(endpoint);
  return std::string(endpoint.substr(0, end_of_host)) + "/v1/traces" + std::string(endpoint.substr(query));
}

}  // namespace belfry::daemon
