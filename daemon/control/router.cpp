#include "daemon/control/router.hpp"

#include <optional>
#include <utility>

#include "daemon/control/api_error.hpp"

namespace belfry::daemon {

namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const std::string_view part = path.substr(0, path.find('/'));
    parts.emplace_back(part);
    path.remove_prefix(part.size());
  }
  return parts;
}

std::optional<PathParts> match(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  PathParts parts;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i].starts_with('{')) {
      if (path[i].empty()) return std::nullopt;
      parts.push_back(path[i]);
    } else if (pattern[i] != path[i]) {
      return std::nullopt;
    }
  }
  return parts;
}

}  // namespace

void Router::add(std::string_view method, std::string_view pattern, Function function) {
  routes_.push_back({.method = std::string(method), .pattern = split(pattern), .function = std::move(function)});
}

void Router::operator()(const Request& request, const Exchange& exchange) const {
  const std::vector<std::string> path = split(request.path);
  std::string methods;
  for (const Route& route : routes_) {
    const auto parts = match(route.pattern, path);
    if (!parts) continue;
    if (route.method == request.method) return route.function(request, *parts, exchange);
    methods += (methods.empty() ? "" : ", ") + route.method;
  }
  if (methods.empty()) throw ApiError(404, "not_found", "there is nothing at this path");
  throw ApiError(405, "bad_request", "this path takes " + methods);
}

}  // namespace belfry::daemon
