#include "daemon/control/json_text.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "daemon/control/api_error.hpp"

namespace belfry::daemon {

namespace {

constexpr int kDeepest = 16;

[[noreturn]] void refuse(const std::string& why) {
  throw ApiError(400, "bad_request", "the body is not valid: " + why);
}

}  // namespace

std::string to_text(const nlohmann::json& document) {
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

nlohmann::json parse_object(std::string_view text) {
  if (text.empty()) return nlohmann::json::object();
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto watch = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (depth > kDeepest) refuse("it is nested too deeply");
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key && !keys.back().insert(parsed.get<std::string>()).second) {
      refuse("the key \"" + parsed.get<std::string>() + "\" comes twice");
    }
    return true;
  };
  nlohmann::json document;
  try {
    document = nlohmann::json::parse(text, watch);
  } catch (const nlohmann::json::exception& error) {
    refuse(error.what());
  }
  if (!document.is_object()) refuse("a JSON object is expected");
  return document;
}

}  // namespace belfry::daemon
