// history RUN: one run with its attempts and the steps of its flow.

#include <algorithm>
#include <string>

#include "daemon/cli/commands.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

std::string took(const json& row) {
  return row.at("duration_seconds").is_number() ? span(row.at("duration_seconds").get<double>()) : "-";
}

std::string line(const char* name, const std::string& value) {
  std::string text = name;
  text.resize(10, ' ');
  return text + value + "\n";
}

std::string heading(const Session& session, const json& run) {
  const Table::Cell outcome =
      text_of(run, "outcome").empty() ? Table::Cell{"running", Colour::green} : outcome_cell(text_of(run, "outcome"));
  const std::string message = printable(text_of(run, "message"));
  std::string text =
      line("run", number_of(run, "run") + " of " + text_of(run, "job") + ", by " + text_of(run, "trigger"));
  if (const auto slot = instant_of(run, "scheduled_at")) text += line("slot", shown(session, slot));
  text += line("started", shown(session, instant_of(run, "started_at")));
  if (const auto ended = instant_of(run, "ended_at")) {
    text += line("ended", shown(session, ended) + ", after " + took(run));
  }
  return text +
         line("outcome", session.style.paint(outcome.text, outcome.colour) + (message.empty() ? "" : ": " + message));
}

double cpu_seconds(const json& attempt) {
  return attempt.at("cpu_user_seconds").get<double>() + attempt.at("cpu_system_seconds").get<double>();
}

/// All together, where a control group has counted it; else the largest process.
double most_memory(const json& attempt) {
  const json& together = attempt.at("memory_peak_bytes");
  return (together.is_number() ? together : attempt.at("max_rss_bytes")).get<double>();
}

/// "1.2 s of CPU, 34.1 MiB at most, 5.0 MiB read, 1.0 KiB written"; of all processes of the attempt.
std::string used(const json& attempt) {
  return span(cpu_seconds(attempt)) + " of CPU, " + bytes(most_memory(attempt)) + " at most, " +
         bytes(attempt.at("read_bytes").get<double>()) + " read, " + bytes(attempt.at("written_bytes").get<double>()) +
         " written";
}

std::string attempts_table(const Session& session, const json& attempts) {
  Table table(
      {"ATTEMPT", "STARTED", "ENDED", "TOOK", "OUTCOME", "EXIT", "CPU", "MEMORY", "READ", "WRITTEN", "MESSAGE"});
  for (const json& attempt : attempts) {
    table.add({number_of(attempt, "attempt"), shown(session, instant_of(attempt, "started_at")),
               shown(session, instant_of(attempt, "ended_at")), took(attempt),
               outcome_cell(text_of(attempt, "outcome")), number_of(attempt, "exit_code"), span(cpu_seconds(attempt)),
               bytes(most_memory(attempt)), bytes(attempt.at("read_bytes").get<double>()),
               bytes(attempt.at("written_bytes").get<double>()), text_of(attempt, "message")});
  }
  return table.text(session.style);
}

/// "version=1.2.3 by=alice".
std::string outputs_of(const json& step) {
  std::string text;
  for (const auto& [name, value] : step.at("outputs").items()) {
    text += (text.empty() ? "" : " ") + name + "=" + value.get<std::string>();
  }
  return text.empty() ? "-" : text;
}

std::string steps_table(const Session& session, const json& steps) {
  Table table({"ATTEMPT", "STEP", "ITEM", "TRY", "STARTED", "ENDED", "TOOK", "OUTCOME", "EXIT", "OUTPUTS", "MESSAGE"});
  for (const json& step : steps) {
    table.add({number_of(step, "attempt"), text_of(step, "step"), text_of(step, "label"), number_of(step, "try"),
               shown(session, instant_of(step, "started_at")), shown(session, instant_of(step, "ended_at")), took(step),
               outcome_cell(text_of(step, "outcome")), number_of(step, "exit_code"), outputs_of(step),
               text_of(step, "message")});
  }
  return table.text(session.style);
}

}  // namespace

int show_run(Session& session, std::int64_t run) {
  const json document = session.client.get("/v1/runs/" + std::to_string(run));
  if (session.json) {
    print_json(document);
    return kOk;
  }
  std::string text = heading(session, document);
  const json& attempts = document.at("attempt_list");
  const json& steps = document.at("steps");
  if (attempts.size() == 1) text += line("used", used(attempts.front()));
  if (attempts.size() > 1) text += "\n" + attempts_table(session, attempts);
  if (!steps.empty()) text += "\n" + steps_table(session, steps);
  print(text);
  return kOk;
}

}  // namespace belfry::daemon::cli
