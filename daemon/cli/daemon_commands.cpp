// status, reload, upgrade, validate, version.

#include <unistd.h>

#include <cstdio>
#include <string>

#include "daemon/cli/commands.hpp"
#include "daemon/config/load_config.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

std::string row(const char* name, const std::string& value) {
  std::string line = name;
  line.resize(10, ' ');
  return line + printable(value) + "\n";
}

/// "1 run", "2 runs".
std::string count_of(const json& document, const char* key, const std::string& noun) {
  const auto count = document.value(key, std::uint64_t{0});
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string loop_text(const Session& session, const json& loop) {
  std::string text;
  const json& step = loop.at("current_step");
  if (!loop.value("responding", false)) {
    std::string stuck = "stuck";
    if (step.is_object()) {
      stuck += " for " + span(step.value("elapsed_seconds", 0.0)) + " in " + text_of(step, "task") + " from " +
               text_of(step, "place");
    }
    text += "loop      " + session.style.paint(printable(stuck), Colour::red) + "\n";
  } else {
    text += row("loop", "well, " + std::to_string(loop.value("tasks", 0)) + " tasks, " +
                            std::to_string(loop.value("timers", 0)) + " timers, " +
                            std::to_string(loop.value("slow_steps", 0)) + " slow steps so far");
  }
  if (const int leaked = loop.value("leaked_tasks", 0); leaked > 0)
    text += row("", std::to_string(leaked) + " leaked tasks");
  for (const json& slow : loop.at("slow_places")) {
    text += row("", "slow: " + text_of(slow, "place") + " in " + text_of(slow, "task") + ", " +
                        std::to_string(slow.value("count", 0)) + " times, longest " +
                        span(slow.value("longest_seconds", 0.0)));
  }
  return text;
}

std::string sla_text(const Session& session, const json& sla) {
  if (!sla.is_object() || sla.value("breached", 0) == 0) return {};
  std::string text =
      "sla       " + session.style.paint(count_of(sla, "breached", "check") + " not met", Colour::red) + "\n";
  for (const json& breach : sla.at("breaches"))
    text += row("", text_of(breach, "job") + ": " + text_of(breach, "message"));
  if (sla.value("breached", std::size_t{0}) > sla.at("breaches").size()) text += row("", "and more: `belfry list`");
  return text;
}

std::string approvals_text(const Session& session, const json& approvals) {
  if (!approvals.is_object() || approvals.value("waiting", 0) == 0) return {};
  std::string text = "approvals " +
                     session.style.paint(count_of(approvals, "waiting", "step") + " to be approved", Colour::yellow) +
                     "\n";
  for (const json& each : approvals.at("approvals")) {
    const auto until = instant_of(each, "until");
    text += row("", text_of(each, "job") + " run " + std::to_string(each.at("run").get<std::int64_t>()) +
                        " waits for approval: " + text_of(each, "step") + " since " +
                        shown(session, instant_of(each, "since")) +
                        (until ? ", times out at " + shown(session, until) : "") + ": " + text_of(each, "message"));
  }
  if (approvals.value("waiting", std::size_t{0}) > approvals.at("approvals").size()) text += row("", "and more");
  return text;
}

std::string ledger_text(const json& ledger) {
  std::string text =
      row("ledger", bytes(ledger.value("size_bytes", 0.0)) + ", " + std::to_string(ledger.value("queued", 0)) +
                        " entries to be written, " + std::to_string(ledger.value("dropped", 0)) + " dropped");
  if (const std::string error = text_of(ledger, "last_error"); !error.empty()) text += row("", "last error: " + error);
  return text;
}

std::string names_of(const json& list, const char* what) {
  if (list.empty()) return {};
  std::string text = std::string("  ") + what + ":";
  for (const json& name : list) text += " " + name.get<std::string>();
  return text + "\n";
}

}  // namespace

int status(Session& session) {
  const json document = session.client.get("/v1/status", Patience::brief);
  if (session.json) {
    print_json(document);
    return kOk;
  }
  const auto started = instant_of(document, "started_at");
  std::string text =
      row("belfryd", text_of(document, "version") + ", pid " + std::to_string(document.value("pid", 0)) + ", since " +
                         shown(session, started) + (started ? " (" + relative(*started, session.now) + ")" : ""));
  text += row("config", text_of(document, "config"));
  const std::string metrics = text_of(document, "metrics");
  text += row("metrics", metrics.empty() ? "off" : "http://" + metrics + "/metrics");
  if (const json& engine = document.at("engine"); engine.is_object()) {
    const auto next = instant_of(engine, "next");
    text += row("jobs", count_of(engine, "jobs", "job") + " in generation " +
                            std::to_string(engine.value("generation", 0)) + ", " + count_of(engine, "running", "run") +
                            " under way, " + std::to_string(engine.value("queued", 0)) + " queued");
    text += row("next", shown(session, next) + (next ? " (" + relative(*next, session.now) + ")" : ""));
    if (engine.value("draining", false)) text += row("", "shutting down: no more runs are started");
  }
  print(text + approvals_text(session, document.value("approvals", json())) +
        sla_text(session, document.value("sla", json())) + loop_text(session, document.at("loop")) +
        ledger_text(document.at("ledger")));
  return document.at("loop").value("responding", false) ? kOk : kFailure;
}

int reload(Session& session) {
  const json answer = session.client.post("/v1/reload");
  if (session.json) {
    print_json(answer);
    return kOk;
  }
  std::string changes;
  for (const json& line : answer.at("lines")) changes += "  " + printable(line.get<std::string>()) + "\n";
  print("Generation " + std::to_string(answer.value("generation", 0)) + " of the configuration is in force" +
        (changes.empty() ? "; nothing has changed.\n" : ":\n" + changes) +
        names_of(answer.at("needs_restart"), "changed, but in force only after a restart of belfryd"));
  return kOk;
}

int upgrade(Session& session) {
  const json before = session.client.get("/v1/status");
  Client asking(session.client.socket());  // a connection of its own: curl repeats a request on one that it reuses
  try {
    asking.post("/v1/upgrade", json::object(), Patience::endless);
  } catch (const Disconnected&) {
    // That is the answer. The socket stays open: who asks now is answered by the successor.
  }
  const json after = session.client.get("/v1/status");
  if (before.value("pid", 0) != after.value("pid", 0)) {
    throw CommandError(kFailure,
                       "belfryd ended and was started anew, instead of becoming the new program: see "
                       "`journalctl -u belfryd`");
  }
  if (session.json) {
    print_json({{"before", before.at("version")}, {"now", after.at("version")}, {"pid", after.at("pid")}});
    return kOk;
  }
  print("belfryd " + text_of(after, "version") + " goes on where " + text_of(before, "version") + " was, as process " +
        std::to_string(after.value("pid", 0)) + ".\n");
  return kOk;
}

int validate(Session& session, const std::string& file) {
  const LoadResult config = load_config(file, {.started = session.now});
  if (session.json) {
    json errors = json::array();
    if (!config) {
      for (const ConfigError& error : config.error()) {
        errors.push_back({{"file", error.file},
                          {"line", error.place.line},
                          {"column", error.place.column},
                          {"key", error.key},
                          {"message", error.message},
                          {"expected", error.expected},
                          {"hint", error.hint}});
      }
    }
    print_json({{"file", file},
                {"valid", config.has_value()},
                {"jobs", config ? config->jobs.size() : 0},
                {"errors", errors}});
  } else if (config) {
    print(file + " is valid: " + std::to_string(config->jobs.size()) +
          (config->jobs.size() == 1 ? " job.\n" : " jobs.\n"));
  } else {
    std::fputs(format_errors(config.error(), ::isatty(2) != 0).c_str(), stderr);
  }
  return config ? kOk : kBadConfig;
}

int version(Session& session) {
  if (session.json) {
    print_json({{"version", BELFRY_VERSION}});
  } else {
    print(std::string("belfry ") + BELFRY_VERSION + "\n");
  }
  return kOk;
}

}  // namespace belfry::daemon::cli
