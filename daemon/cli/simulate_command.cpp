// simulate.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>

#include "daemon/cli/commands.hpp"
#include "daemon/config/load_config.hpp"
#include "daemon/simulate/simulate.hpp"
#include "daemon/simulate/simulation_view.hpp"
#include "ledger/error.hpp"
#include "ledger/sqlite_reader.hpp"
#include "time/duration.hpp"
#include "time/instant.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

/// Of each job so many of its last runs are drawn from.
constexpr std::size_t most_samples = 500;

constexpr std::chrono::days usual_span{7};
constexpr std::chrono::days longest_span{3660};

/// The assumptions of --duration: of all jobs, and of some.
struct Assumed {
  std::optional<time::Duration> all;
  std::map<std::string, time::Duration> of_jobs;
};

Assumed assumed_from(const std::vector<std::string>& options, const Config& config) {
  Assumed assumed;
  for (const std::string& option : options) {
    const auto equals = option.find('=');
    const std::string text = equals == std::string::npos ? option : option.substr(equals + 1);
    const auto span = time::parse_duration(text, {.maximum = std::chrono::hours{24 * 365}});
    if (!span) throw CommandError(kUsage, "--duration " + option + ": " + to_string(span.error()));
    if (equals == std::string::npos) {
      assumed.all = *span;
      continue;
    }
    const std::string job = option.substr(0, equals);
    if (std::ranges::find(config.jobs, job, &JobSpec::name) == config.jobs.end()) {
      throw CommandError(kNotFound, "--duration " + option + ": the configuration has no job \"" + job + "\"");
    }
    assumed.of_jobs[job] = *span;
  }
  return assumed;
}

/// Where the recorded durations come from.
class Record {
 public:
  Record(Session& session, const SimulateCommand& options) : session_(session) {
    if (options.state_dir.empty()) return;
    const auto path = std::filesystem::path(options.state_dir) / "ledger.db";
    try {
      reader_ = std::make_unique<ledger::SqliteReader>(path.string());
    } catch (const ledger::LedgerError& error) {
      throw CommandError(kFailure, "--state-dir " + options.state_dir + ": " + error.what());
    }
  }

  std::vector<RunSample> of(const std::string& job) {
    std::vector<RunSample> samples;
    if (reader_) {
      for (const ledger::RunSpan& run : reader_->durations(job, most_samples)) {
        add(samples, run.ended_at - run.started_at, run.outcome);
      }
      return samples;
    }
    const std::string path = "/v1/runs/durations?job=" + escaped(job) + "&limit=" + std::to_string(most_samples);
    const json document = ask(path);
    for (const json& run : document.at("runs")) {
      const auto outcome = ledger::outcome_from(text_of(run, "outcome"));
      const std::chrono::duration<double> span(run.value("duration_seconds", 0.0));
      if (outcome) add(samples, std::chrono::duration_cast<time::Duration>(span), *outcome);
    }
    return samples;
  }

 private:
  json ask(const std::string& path) {
    try {
      return session_.client.get(path);
    } catch (const CommandError& error) {
      if (error.code() != kUnreachable) throw;
      throw CommandError(kUnreachable, std::string(error.what()) +
                                           ". Without it, take durations from --state-dir DIR, or assume them with "
                                           "--duration SPAN");
    }
  }

  /// What was ended from outside tells nothing of how long the job takes.
  static void add(std::vector<RunSample>& samples, time::Duration span, ledger::Outcome outcome) {
    if (outcome == ledger::Outcome::cancelled || outcome == ledger::Outcome::lost || span < time::Duration::zero())
      return;
    samples.push_back({.span = span, .outcome = outcome});
  }

  Session& session_;
  std::unique_ptr<ledger::SqliteReader> reader_;
};

std::shared_ptr<const Samples> samples_of(Session& session, const SimulateCommand& options, const Config& config) {
  const Assumed assumed = assumed_from(options.durations, config);
  auto samples = std::make_shared<Samples>();
  const bool offline = assumed.all && options.state_dir.empty();
  Record record(session, options);
  for (const JobSpec& job : config.jobs) {
    JobSamples& of_job = (*samples)[job.name];
    const auto own = assumed.of_jobs.find(job.name);
    if (own != assumed.of_jobs.end()) {
      of_job.assumed = own->second;
    } else if (offline) {
      of_job.assumed = assumed.all;
    } else {
      of_job.recorded = record.of(job.name);
      if (of_job.recorded.empty()) of_job.assumed = assumed.all;
    }
  }
  return samples;
}

time::WallTime instant_from(const Session& session, const std::string& option, const std::string& text) {
  const auto at = time::parse_time(text, session.zone, session.now);
  if (!at) throw CommandError(kUsage, option + ": " + to_string(at.error()));
  return *at;
}

/// The one that is named, else that of the daemon.
std::string config_of(Session& session, const SimulateCommand& options) {
  if (!options.config.empty()) return options.config;
  try {
    return text_of(session.client.get("/v1/status", Patience::brief), "config");
  } catch (const CommandError& error) {
    throw CommandError(error.code(), std::string(error.what()) + ". Without it, name a file with --config FILE");
  }
}

std::string count_or_dash(std::uint64_t count) { return count == 0 ? "-" : std::to_string(count); }

std::string table_of(const Session& session, const Simulation& simulation) {
  using ledger::SlotReason;
  using ledger::SlotResult;
  Table table(
      {"JOB", "SLOTS", "RUNS", "OVERLAP", "DEADLINE", "OTHER", "WAITED", "LONGEST WAIT", "AT ONCE", "QUEUE", "BUSY"});
  for (const auto& [name, job] : simulation.tally.jobs) {
    const auto overlap =
        job.count(SlotResult::skipped, SlotReason::overlap) + job.count(SlotResult::skipped, SlotReason::replaced);
    const auto deadline = job.count(SlotResult::skipped, SlotReason::deadline);
    const auto other = job.slots - job.count(SlotResult::started) - overlap - deadline;
    table.add({name, std::to_string(job.slots), std::to_string(job.runs),
               Table::Cell(count_or_dash(overlap), overlap > 0 ? Colour::yellow : Colour::none),
               Table::Cell(count_or_dash(deadline), deadline > 0 ? Colour::red : Colour::none), count_or_dash(other),
               count_or_dash(job.waited),
               job.waited == 0 ? "-" : span(std::chrono::duration<double>(job.longest_wait).count()),
               count_or_dash(job.running.most), count_or_dash(job.queued.most),
               span(std::chrono::duration<double>(job.busy).count())});
  }
  return table.text(session.style);
}

}  // namespace

int simulate(Session& session, const SimulateCommand& options) {
  const auto from = options.from.empty() ? session.now : instant_from(session, "--from", options.from);
  const auto to = options.to.empty() ? from + usual_span : instant_from(session, "--to", options.to);
  if (to <= from)
    throw CommandError(kUsage, "--to " + shown(session, to) + " is not after --from " + shown(session, from));
  if (to - from > longest_span) throw CommandError(kUsage, "--to: at most ten years after --from");
  const std::string file = config_of(session, options);
  const LoadResult config = load_config(file, {.started = from});
  if (!config) throw CommandError(kBadConfig, format_errors(config.error()));
  const Simulation simulation = daemon::simulate(
      *config, {.from = from, .to = to, .samples = samples_of(session, options, *config), .seed = options.seed});
  if (session.json) {
    json document = view(simulation);
    document["config"] = file;
    document["seed"] = options.seed;
    print_json(document);
    return kOk;
  }
  std::string text = file + " from " + shown(session, from) + " to " + shown(session, simulation.until) + "\n";
  text += simulation.tally.jobs.empty() ? "There are no jobs.\n" : table_of(session, simulation);
  for (const std::string& remark : remarks(simulation, session.zone)) text += printable(remark) + "\n";
  print(text);
  return kOk;
}

}  // namespace belfry::daemon::cli
