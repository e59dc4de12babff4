#include "daemon/config/settings.hpp"

#include <charconv>

namespace belfry::daemon {

std::optional<MetricsAddress> parse_metrics_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || text.find_first_of(" \t/@") != std::string_view::npos) {
    return std::nullopt;
  }
  const auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (!bracketed && host.find_first_of(":[]") != std::string_view::npos) return std::nullopt;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return MetricsAddress{std::string(host), port};
}

}  // namespace belfry::daemon
