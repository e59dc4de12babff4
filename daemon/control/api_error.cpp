#include "daemon/control/api_error.hpp"

#include <nlohmann/json.hpp>

#include "daemon/control/json_text.hpp"

namespace belfry::daemon {

Reply error_reply(int status, std::string_view code, std::string_view message) {
  const nlohmann::json document{{"error", {{"code", code}, {"message", message}}}};
  return {.status = status, .body = to_text(document)};
}

}  // namespace belfry::daemon
