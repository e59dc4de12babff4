// catchup plan, catchup run, catchup skip.

#include <string>

#include "daemon/cli/commands.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

/// Decides about the missed slots of a job; tells how many there were.
int decide(Session& session, const std::string& job, const char* what, const char* done) {
  const json answer = session.client.post(job_path(job, std::string("/catchup/") + what));
  const int slots = answer.at("slots").get<int>();
  if (slots == 0) {
    throw CommandError(kNotFound,
                       "no missed slot of \"" + job + "\" is waiting; `belfry catchup plan` shows those that are");
  }
  if (session.json) {
    print_json(answer);
  } else {
    print(std::to_string(slots) + (slots == 1 ? " missed slot of " : " missed slots of ") + job +
          (slots == 1 ? " is " : " are ") + done + "\n");
  }
  return kOk;
}

}  // namespace

int catchup_plan(Session& session, int count) {
  const json document = session.client.get("/v1/catchup?limit=" + std::to_string(count));
  if (session.json) {
    print_json(document);
    return kOk;
  }
  const json& slots = document.at("slots");
  const auto waiting = document.value("waiting", std::uint64_t{0});
  if (waiting == 0) {
    print("No missed slot is waiting.\n");
    return kOk;
  }
  Table table({"JOB", "SLOT", "", "PRIORITY", "RUNS ABOUT"});
  for (const json& each : slots) {
    const auto slot = instant_of(each, "slot");
    table.add({text_of(each, "job"), shown(session, slot),
               Table::Cell{slot ? relative(*slot, session.now) : "", Colour::dim},
               std::to_string(each.value("priority", 0)), shown(session, instant_of(each, "expected_at"))});
  }
  std::string text = table.text(session.style);
  if (waiting > slots.size()) text += "and " + std::to_string(waiting - slots.size()) + " more\n";
  print(text + std::to_string(waiting) + (waiting == 1 ? " missed slot is waiting, " : " missed slots are waiting, ") +
        std::to_string(document.value("starts_per_minute", 0)) +
        " starts a minute. `belfry catchup run JOB` runs them now, `belfry catchup skip JOB` skips them.\n");
  return kOk;
}

int catchup_run(Session& session, const std::string& job) {
  return decide(session, job, "run", "run now, as far as overlap and group allow. See `belfry history` then.");
}

int catchup_skip(Session& session, const std::string& job) {
  return decide(session, job, "skip", "skipped, and recorded as skipped(cancelled).");
}

}  // namespace belfry::daemon::cli
