// history, logs.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "daemon/cli/commands.hpp"
#include "daemon/config/base64.hpp"
#include "time/duration.hpp"
#include "time/instant.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

/// An instant, or how long ago.
time::WallTime since_of(const Session& session, const std::string& text) {
  if (const auto span = time::parse_duration(text)) return session.now - *span;
  const auto at = time::parse_time(text, session.zone, session.now);
  if (!at) throw CommandError(kUsage, "--since: " + to_string(at.error()) + "; or how long ago, such as 2h");
  return *at;
}

/// The head or the tail of a stream, byte for byte.
std::string part_of(const json& stream, const std::string& part) {
  const auto encoded = stream.find(part + "_base64");  // what is no text
  if (encoded != stream.end()) return from_base64(encoded->get<std::string>()).value_or("");
  return stream.value(part, "");
}

/// The kept part of a stream, with a note where bytes are missing.
std::string kept(const json& stream) {
  std::string text = part_of(stream, "head");
  const double dropped = stream.value("dropped_bytes", 0.0);
  if (dropped > 0) text += "\n... " + bytes(dropped) + " were not kept ...\n";
  return text + part_of(stream, "tail");
}

/// What a program printed: as it came, but on a terminal without what that would obey.
std::string for_stream(int fd, const std::string& text) { return ::isatty(fd) != 0 ? harmless(text) : text; }

void write_error(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

bool printed_anything(const json& attempts) {
  return std::ranges::any_of(attempts, [](const json& attempt) {
    return !kept(attempt.at("stdout")).empty() || !kept(attempt.at("stderr")).empty();
  });
}

/// Instead of the output of a run without one.
std::string why_silent(const json& run, const std::string& id) {
  const std::string outcome = text_of(run, "outcome");
  if (outcome.empty()) return "Run " + id + " has printed nothing that is on record yet.";
  const std::string message = text_of(run, "message");
  return as_sentence("Run " + id + " printed nothing; it ended in " + outcome +
                     (message.empty() ? "" : ": " + printable(message)));
}

/// The steps of a flow; an empty text: there are none.
std::string steps_table(const json& steps, const Style& style) {
  if (steps.empty()) return {};
  Table table({"STEP", "ITEM", "TRY", "TOOK", "OUTCOME", "EXIT", "MESSAGE"});
  for (const json& step : steps) {
    const bool skipped = text_of(step, "outcome") == "skipped";
    table.add({text_of(step, "step"), text_of(step, "label"), number_of(step, "try"),
               skipped ? "-" : span(step.at("duration_seconds").get<double>()), outcome_cell(text_of(step, "outcome")),
               number_of(step, "exit_code"), text_of(step, "message")});
  }
  return table.text(style);
}

}  // namespace

int history(Session& session, const HistoryOptions& options) {
  if (const auto run = run_id_of(options.job)) {
    if (!options.failed && options.since.empty()) return show_run(session, *run);
    throw CommandError(kUsage, "--failed and --since are about the runs of a job, and " + options.job + " is one run");
  }
  std::string path = "/v1/runs?limit=" + std::to_string(options.count);
  if (!options.job.empty()) path += "&job=" + escaped(options.job);
  if (options.failed) path += "&outcome=failure,timeout,killed,start_error,lost";
  if (!options.since.empty()) path += "&since=" + escaped(time::format_utc(since_of(session, options.since)));
  const json document = session.client.get(path);
  const json& runs = document.at("runs");
  if (runs.empty() && !options.job.empty()) session.client.get(job_path(options.job));  // throws if unknown
  if (session.json) {
    print_json(document);
    return kOk;
  }
  Table table({"RUN", "JOB", "TRIGGER", "STARTED", "TOOK", "OUTCOME", "EXIT", "ATTEMPTS", "MESSAGE"});
  for (const json& run : runs) {
    const bool ended = run.at("duration_seconds").is_number();
    table.add({number_of(run, "run"), text_of(run, "job"), text_of(run, "trigger"),
               shown(session, instant_of(run, "started_at")),
               ended ? span(run.at("duration_seconds").get<double>()) : "-",
               ended ? outcome_cell(text_of(run, "outcome")) : Table::Cell{"running", Colour::green},
               number_of(run, "exit_code"), number_of(run, "attempts"), text_of(run, "message")});
  }
  print(runs.empty() ? "No run is on record.\n" : table.text(session.style));
  return kOk;
}

int logs(Session& session, const std::string& run_or_job) {
  const auto given = run_id_of(run_or_job);
  const std::int64_t run = given ? *given : newest_run(session, run_or_job);
  const json document = session.client.get("/v1/runs/" + std::to_string(run) + "/output");
  if (session.json) {
    print_json(document);
    return kOk;
  }
  const json& attempts = document.at("output");
  const Style style = Style::of(2);
  write_error(steps_table(document.at("steps"), style));
  if (!printed_anything(attempts)) {
    write_error(style.paint(why_silent(document, std::to_string(run)), Colour::dim) + "\n");
    return kOk;
  }
  for (const json& attempt : attempts) {
    if (attempts.size() > 1) {
      const std::string title =
          "--- attempt " + std::to_string(attempt.at("attempt").get<int>()) + ": " + text_of(attempt, "outcome");
      write_error(style.paint(title, Colour::dim) + "\n");
    }
    print(for_stream(1, kept(attempt.at("stdout"))));
    write_error(for_stream(2, kept(attempt.at("stderr"))));
  }
  return kOk;
}

}  // namespace belfry::daemon::cli
