// What several commands need to show things.

#include <charconv>
#include <cstdio>

#include "daemon/cli/commands.hpp"
#include "time/instant.hpp"

namespace belfry::daemon::cli {

void print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written) throw CommandError(kFailure, "cannot write to stdout");
}

void print_json(const nlohmann::json& document) {
  print(document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

int report(ExitCode code, const std::string& message, bool json) {
  std::fprintf(stderr, "belfry: %s\n", harmless(message).c_str());
  if (!json) return code;
  try {
    print_json({{"error", {{"code", static_cast<int>(code)}, {"message", message}}}});
  } catch (const CommandError& error) {
    if (message != error.what()) std::fprintf(stderr, "belfry: %s\n", error.what());
    return kFailure;
  }
  return code;
}

std::string text_of(const nlohmann::json& document, const char* key) {
  const auto found = document.find(key);
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string number_of(const nlohmann::json& document, const char* key) {
  const auto& value = document.at(key);
  return value.is_number() ? std::to_string(value.get<std::int64_t>()) : "-";
}

std::optional<time::WallTime> instant_of(const nlohmann::json& document, const char* key) {
  const std::string text = text_of(document, key);
  if (text.empty()) return std::nullopt;
  const auto at = time::parse_time(text, time::Zone());
  return at ? std::optional(*at) : std::nullopt;
}

std::string shown(const Session& session, const std::optional<time::WallTime>& at) {
  return at ? time::format_time(std::chrono::floor<std::chrono::seconds>(*at), session.zone) : "-";
}

Table::Cell outcome_cell(const std::string& outcome) {
  if (outcome.empty()) return {"-"};
  if (outcome == "success") return {outcome, Colour::green};
  if (outcome == "cancelled") return {outcome, Colour::yellow};
  return {outcome, Colour::red};
}

std::int64_t newest_run(Session& session, const std::string& job) {
  if (job.empty()) static_cast<void>(job_path(job));  // throws: it would be asked for as any job's
  const auto document = session.client.get("/v1/runs?limit=1&job=" + escaped(job));
  const auto& runs = document.at("runs");
  if (runs.empty()) {
    session.client.get(job_path(job));  // throws, with a suggestion, when there is no such job
    throw CommandError(kNotFound, "\"" + job + "\" has not run yet; start it with `belfry run " + job + "`");
  }
  return runs.front().at("run").get<std::int64_t>();
}

std::optional<std::int64_t> run_id_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 1) return std::nullopt;
  return number;
}

}  // namespace belfry::daemon::cli
