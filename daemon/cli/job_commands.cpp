// list, run, cancel, pause, resume.

#include <string>

#include "daemon/cli/commands.hpp"
#include "time/duration.hpp"
#include "time/instant.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

/// " 45%", or how many files when nobody knows of how many; empty: it tells nothing.
std::string progress_of(const json& run) {
  const json progress = run.value("progress", json(nullptr));
  if (progress.is_null()) return {};
  if (const json& share = progress.at("share"); share.is_number()) {
    return " " + std::to_string(static_cast<int>(100 * share.get<double>())) + "%";
  }
  return ", " + std::to_string(progress.at("files").get<std::uint64_t>()) + " files";
}

Table::Cell activity_of(const Session& session, const json& job) {
  const std::size_t running = job.at("running").size();
  const auto queued = job.value("queued", 0);
  std::size_t asking = 0;
  for (const json& run : job.at("running")) asking += run.at("approvals").size();
  if (asking > 0) return {"waits for approval", Colour::yellow};
  if (running > 0) {
    std::string text = running == 1 ? "running" : std::to_string(running) + " running";
    if (running == 1) text += progress_of(job.at("running")[0]);
    if (queued > 0) text += ", " + std::to_string(queued) + " queued";
    return {std::move(text), Colour::green};
  }
  if (const json& paused = job.at("paused"); !paused.is_null()) {
    const auto until = instant_of(paused, "until");
    return {until ? "paused until " + shown(session, until) : "paused", Colour::yellow};
  }
  if (!job.value("enabled", true)) return {"disabled", Colour::dim};
  return {"idle"};
}

/// A job that does not keep what its `sla` says is marked, whatever else it does.
Table::Cell state_of(const Session& session, const json& job) {
  Table::Cell state = activity_of(session, job);
  if (!job.at("breaches").empty()) state = {state.text + ", late", Colour::red};
  return state;
}

std::optional<time::WallTime> pause_end(const Session& session, const PauseOptions& options) {
  if (!options.span.empty()) {
    const auto span = time::parse_duration(options.span);
    if (!span) throw CommandError(kUsage, "--for: " + to_string(span.error()));
    return session.now + *span;
  }
  if (options.until.empty()) return std::nullopt;
  const auto until = time::parse_time(options.until, session.zone, session.now);
  if (!until) throw CommandError(kUsage, "--until: " + to_string(until.error()));
  if (*until <= session.now) throw CommandError(kUsage, "--until: " + shown(session, *until) + " is past");
  return *until;
}

int exit_code_of(const json& run, bool propagate) {
  if (text_of(run, "outcome") == "success") return kOk;
  if (!propagate || !run.at("exit_code").is_number_integer()) return kFailure;
  const int code = run.at("exit_code").get<int>();
  return code == 0 ? kFailure : code;  // success_exit_codes without 0, or fails_when
}

/// For a job without a run under way: a one-shot that waits is forgotten, all else is an error.
int withdraw(Session& session, const std::string& name) {
  const json job = session.client.get(job_path(name));
  if (!job.value("one_shot", false) || job.at("next").is_null()) {
    throw CommandError(kNotFound,
                       "no run of \"" + name + "\" is under way; `belfry history " + name + "` shows those that were");
  }
  session.client.remove("/v1/oneshots/" + escaped(name));
  if (session.json) {
    print_json({{"job", name}, {"cancelled", 0}, {"withdrawn", true}});
  } else {
    print(name + " is withdrawn: it will not run.\n");
  }
  return kOk;
}

}  // namespace

int list(Session& session, int one_shots) {
  const json document = session.client.get("/v1/jobs?one_shots=" + std::to_string(one_shots));
  if (session.json) {
    print_json(document);
    return kOk;
  }
  Table table({"JOB", "STATE", "SCHEDULE", "NEXT", "", "LAST", "LAST START"});
  for (const json& job : document.at("jobs")) {
    const auto next = instant_of(job, "next");
    const std::string schedule = text_of(job, "schedule");
    table.add({text_of(job, "name"), state_of(session, job), schedule.empty() ? "-" : schedule, shown(session, next),
               next ? relative(*next, session.now) : "", outcome_cell(text_of(job, "last_outcome")),
               shown(session, instant_of(job, "last_start"))});
  }
  const auto unseen = document.at("one_shots_waiting").get<std::int64_t>() - one_shots;
  std::string text = document.at("jobs").empty() ? "There are no jobs.\n" : table.text(session.style);
  if (unseen > 0) text += std::to_string(unseen) + " more one-shots wait, of later times (--one-shots N).\n";
  print(text);
  return kOk;
}

int run(Session& session, const RunOptions& options) {
  const bool wait = options.wait || options.propagate_exit;
  const json answer =
      session.client.post(job_path(options.job, "/run"), {{"wait", wait}}, wait ? Patience::endless : Patience::usual);
  const json& run = answer.at("run");
  const std::string id = std::to_string(run.at("run").get<std::int64_t>());
  if (session.json) {
    print_json(answer);
  } else if (!wait) {
    print("Run " + id + " of " + options.job +
          (run.value("queued", false) ? " is queued: it starts when those before it have ended." : " was started.") +
          " See `belfry logs " + id + "`.\n");
  } else {
    const Table::Cell outcome = outcome_cell(text_of(run, "outcome"));
    const std::string message = text_of(run, "message");
    print(as_sentence("Run " + id + " of " + options.job + " ended in " +
                      session.style.paint(outcome.text, outcome.colour) + " after " +
                      span(run.at("duration_seconds").get<double>()) +
                      (message.empty() ? "" : ": " + printable(message))) +
          "\n");
  }
  return wait ? exit_code_of(run, options.propagate_exit) : kOk;
}

int cancel(Session& session, const std::string& run_or_job) {
  const auto run = run_id_of(run_or_job);
  const json answer = run ? session.client.post("/v1/runs/" + run_or_job + "/cancel")
                          : session.client.post(job_path(run_or_job, "/cancel"));
  const int cancelled = run ? 1 : answer.at("cancelled").get<int>();
  if (cancelled == 0) return withdraw(session, run_or_job);
  if (session.json) {
    print_json(answer);
  } else if (run) {
    print("Run " + run_or_job + " is being cancelled.\n");
  } else {
    print(std::to_string(cancelled) + (cancelled == 1 ? " run of " : " runs of ") + run_or_job +
          (cancelled == 1 ? " is" : " are") + " being cancelled.\n");
  }
  return kOk;
}

int pause(Session& session, const PauseOptions& options) {
  json body{{"reason", options.reason}};
  const auto until = pause_end(session, options);
  if (until) body["until"] = time::format_utc(*until);
  const json answer = session.client.post(job_path(options.job, "/pause"), body);
  if (session.json) {
    print_json(answer);
  } else {
    print(options.job + " is paused: its slots are skipped until " + (until ? shown(session, until) + " or " : "") +
          "`belfry resume " + options.job + "`.\n");
  }
  return kOk;
}

int resume(Session& session, const std::string& job) {
  const json answer = session.client.post(job_path(job, "/resume"));
  if (session.json) {
    print_json(answer);
  } else {
    print(job + " runs by its schedule again.\n");
  }
  return kOk;
}

}  // namespace belfry::daemon::cli
