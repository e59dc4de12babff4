#include "jobs/cite.hpp"

#include <cstddef>
#include <nlohmann/json.hpp>

namespace belfry::jobs {

namespace {

constexpr std::size_t longest = 80;
constexpr std::size_t in_front = 20;  // of what matters, where something is left out

}  // namespace

std::string cite(std::string_view text) {
  using nlohmann::json;
  const bool cut = text.size() > longest;
  const std::string out = json(text.substr(0, longest)).dump(-1, ' ', true, json::error_handler_t::replace);
  return cut ? out + "..." : out;
}

std::string cite(std::string_view text, std::size_t position) {
  if (position < longest - in_front) return cite(text);
  return "..." + cite(text.substr(position - in_front));
}

}  // namespace belfry::jobs
