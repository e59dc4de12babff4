// /v1/oneshots: commands that run once, later.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "async/fault_point.hpp"
#include "daemon/control/api_context.hpp"
#include "daemon/control/api_error.hpp"
#include "daemon/control/json_text.hpp"
#include "daemon/control/json_views.hpp"
#include "time/instant.hpp"

namespace belfry::daemon {

namespace {

using nlohmann::json;

constexpr std::size_t kMostArguments = 1000;
constexpr std::size_t kLongestName = 100;

[[noreturn]] void refuse(const std::string& why) { throw ApiError(400, "bad_request", why); }

/// A text that can be handed to a program: exec(2) ends it at a NUL.
std::string text_of(const json& value, const char* key) {
  if (!value.is_string()) refuse(std::string("\"") + key + "\" must be a text");
  auto text = value.get<std::string>();
  if (text.find('\0') != std::string::npos) refuse(std::string("\"") + key + "\" holds a NUL");
  return text;
}

std::vector<std::string> arguments(const json& value) {
  if (!value.is_array() || value.empty() || value.size() > kMostArguments) {
    refuse("\"argv\" must be a list of 1 to " + std::to_string(kMostArguments) +
           " texts: the program and its arguments");
  }
  std::vector<std::string> argv;
  for (const json& each : value) argv.push_back(text_of(each, "argv"));
  if (argv.front().empty()) refuse("\"argv\" names no program");
  return argv;
}

std::map<std::string, std::string> environment(const json& value) {
  if (!value.is_object()) refuse("\"environment\" must be an object of texts");
  std::map<std::string, std::string> out;
  for (const auto& [name, text] : value.items()) {
    if (name.empty() || name.find('=') != std::string::npos) refuse("\"" + name + "\" is no name of a variable");
    out.emplace(name, text_of(text, "environment"));
  }
  return out;
}

std::string name_of(const json& value) {
  std::string name = text_of(value, "name");
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
  });
  if (!plain || name.size() > kLongestName) refuse("\"name\" may hold letters, digits, '-', '_' and '.', at most 100");
  return name;
}

ledger::OneShotAdded request_from(const json& body, const Peer& peer) {
  ledger::OneShotAdded one_shot;
  one_shot.by = peer.name;
  for (const auto& [key, value] : body.items()) {
    if (key == "due") {
      const auto due = time::parse_time(text_of(value, "due"), time::Zone());
      if (!due) refuse("due: " + to_string(due.error()));
      one_shot.due = *due;
    } else if (key == "argv") {
      one_shot.argv = arguments(value);
    } else if (key == "working_dir") {
      one_shot.working_dir = text_of(value, "working_dir");
      if (!one_shot.working_dir.starts_with('/')) refuse("\"working_dir\" must be an absolute path");
    } else if (key == "environment") {
      one_shot.environment = environment(value);
    } else if (key == "name") {
      one_shot.name = name_of(value);
    } else {
      refuse("unknown key \"" + key + "\"; there are due, argv, working_dir, environment and name");
    }
  }
  if (!body.contains("due")) refuse("\"due\" is missing: the instant at which to run it, such as 2026-12-31T23:59:00Z");
  if (one_shot.argv.empty()) refuse("\"argv\" is missing: the program and its arguments");
  return one_shot;
}

void add(ApiContext& context, const Request& request, const Exchange& exchange) {
  const auto ask = [&context,
                    one_shot = request_from(parse_object(request.body), request.peer)](const Exchange& asked) {
    const auto name = context.parts.engine.add_one_shot(one_shot);
    BELFRY_FAULT_POINT("one_shot.taken_on");
    if (!name) return asked.reply(context.refused(name.error()));
    context.reply_when_durable(
        asked, {.status = 201, .body = to_text({{"name", *name}, {"due", view(std::optional(one_shot.due))}})});
  };
  context.bridge.post(exchange, ask);
}

void remove(ApiContext& context, const std::string& name, const Exchange& exchange) {
  context.bridge.post(exchange, [&context, name](const Exchange& asked) {
    const auto done = context.parts.engine.remove_one_shot(name);
    if (!done) return asked.reply(context.refused(done.error()));
    context.reply_when_durable(asked, {.body = to_text({{"name", name}})});
  });
}

}  // namespace

void add_one_shot_routes(Router& router, ApiContext& context) {
  router.add("POST", "/v1/oneshots", [&context](const Request& request, const PathParts&, const Exchange& exchange) {
    add(context, request, exchange);
  });
  router.add("DELETE", "/v1/oneshots/{name}",
             [&context](const Request&, const PathParts& path, const Exchange& exchange) {
               remove(context, path[0], exchange);
             });
}

}  // namespace belfry::daemon
