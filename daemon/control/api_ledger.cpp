// /v1/ledger: what can be done with the record itself.

#include <nlohmann/json.hpp>
#include <string>

#include "daemon/control/api_context.hpp"
#include "daemon/control/api_error.hpp"
#include "daemon/control/json_text.hpp"

namespace belfry::daemon {

namespace {

std::string path_from(const nlohmann::json& body) {
  for (const auto& [key, value] : body.items()) {
    if (key != "path") throw ApiError(400, "bad_request", "unknown key \"" + key + "\"; there is path");
  }
  const auto path = body.find("path");
  const bool given = path != body.end() && path->is_string() && path->get_ref<const std::string&>().starts_with('/');
  if (!given)
    throw ApiError(400, "bad_request", "\"path\" must be the absolute path of a file that does not exist yet");
  return path->get<std::string>();
}

}  // namespace

void add_ledger_routes(Router& router, ApiContext& context) {
  router.add("POST", "/v1/ledger/backup",
             [&context](const Request& request, const PathParts&, const Exchange& exchange) {
               context.backup.start(path_from(parse_object(request.body)), exchange);
             });
}

}  // namespace belfry::daemon
