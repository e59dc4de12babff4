#include "jobs/run_environment.hpp"

#include <unistd.h>

#include <chrono>
#include <string_view>

#include "io/exec_path.hpp"
#include "jobs/run_ids.hpp"
#include "time/instant.hpp"

namespace belfry::jobs {

namespace {

bool makes_up(ledger::RunTrigger trigger) {
  return trigger == ledger::RunTrigger::catchup || trigger == ledger::RunTrigger::recovery;
}

/// A variable may have 128 KiB, and all of them with the arguments a quarter of the stack's limit.
constexpr std::size_t longest_list = std::size_t{32} << 10U;

/// One path a line: one with a line feed in it would be read as two, and is left out, as is what does not fit.
void add_files(const engine::WatchedFiles& files, std::vector<std::string>& environment) {
  std::string list;
  for (const std::string& path : files.paths) {
    if (path.find('\n') != std::string::npos) continue;
    if (list.size() + path.size() + 1 > longest_list) break;
    list += (list.empty() ? "" : "\n") + path;
  }
  environment.push_back("BELFRY_WATCH_COUNT=" + std::to_string(files.count));
  environment.push_back("BELFRY_WATCH_FILE=" + (files.paths.empty() ? std::string() : files.paths.front()));
  environment.push_back("BELFRY_WATCH_FILES=" + list);
}

bool is_trace_context(std::string_view name) { return name == "TRACEPARENT" || name == "TRACESTATE"; }

}  // namespace

Variables inherited_environment(bool clear, bool traced) {
  Variables inherited;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    const auto name = text.substr(0, equals);
    if (equals == std::string_view::npos || name.starts_with("BELFRY_") || (clear && name != "PATH")) continue;
    if (traced && is_trace_context(name)) continue;
    inherited.emplace(name, text.substr(equals + 1));
  }
  inherited.emplace("PATH", io::default_search_path);
  return inherited;
}

std::vector<std::string> environment_entries(const Variables& inherited,
                                             std::initializer_list<const Variables*> layers) {
  Variables merged = inherited;
  for (const Variables* layer : layers) {
    for (const auto& [name, value] : *layer) merged.insert_or_assign(name, value);
  }
  std::vector<std::string> entries;
  entries.reserve(merged.size());
  for (const auto& [name, value] : merged) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<std::string> run_environment(const engine::Attempt& attempt) {
  std::vector<std::string> environment;
  environment.reserve(13);
  environment.push_back("BELFRY_JOB=" + std::string(attempt.job));
  environment.push_back("BELFRY_RUN_ID=" + std::to_string(attempt.run));
  // Runs of one ledger have numbers that only grow, so the number itself keeps a straggler of an older run away.
  environment.push_back("BELFRY_FENCE=" + std::to_string(attempt.run));
  environment.push_back(run_marker(attempt));
  if (!attempt.part.empty()) environment.push_back(part_marker(attempt));
  environment.push_back("BELFRY_ATTEMPT=" + std::to_string(attempt.number));
  environment.push_back("BELFRY_TRIGGER=" + std::string(ledger::to_string(attempt.trigger)));
  if (attempt.scheduled_at) {
    environment.push_back("BELFRY_SCHEDULED_AT=" + time::format_utc(*attempt.scheduled_at));
    const auto delay = std::chrono::duration_cast<std::chrono::milliseconds>(attempt.delay);
    environment.push_back("BELFRY_DELAY_MS=" + std::to_string(delay.count()));
  }
  if (makes_up(attempt.trigger)) environment.emplace_back("BELFRY_CATCHUP=1");
  if (attempt.previous_success) {
    environment.push_back("BELFRY_PREV_SUCCESS_AT=" + time::format_utc(*attempt.previous_success));
  }
  if (attempt.files != nullptr) add_files(*attempt.files, environment);
  return environment;
}

std::string trace_parent(const engine::Attempt& attempt) {
  const TraceIds ids(attempt.ledger_id, attempt.run);
  const std::string own = attempt.part.empty() ? ids.attempt_span(attempt.number) : ids.step_span(attempt.part);
  return "TRACEPARENT=" + ids.parent_for_program(own);
}

std::string run_marker(const engine::Attempt& attempt) {
  return "BELFRY_TREE=" + std::string(attempt.ledger_id) + "-" + std::to_string(attempt.run);
}

std::string part_marker(const engine::Attempt& attempt) {
  if (attempt.part.empty()) return run_marker(attempt);
  return "BELFRY_PART=" + std::string(attempt.ledger_id) + "-" + std::to_string(attempt.run) + "-" +
         std::string(attempt.part);
}

}  // namespace belfry::jobs
