#include "daemon/simulate/simulation_view.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "time/duration.hpp"
#include "time/instant.hpp"

namespace belfry::daemon {
namespace {

using ledger::SlotReason;
using ledger::SlotResult;
using nlohmann::json;

/// How many names are listed in a remark.
constexpr std::size_t most_names = 10;

double seconds(time::Duration span) { return std::chrono::duration<double>(span).count(); }

json instant(const std::optional<WallTime>& at) { return at ? json(time::format_utc(*at)) : json(nullptr); }

json reasons(const JobTally& job, SlotResult result) {
  json counts = json::object();
  for (const auto& [key, count] : job.results) {
    if (key.first == result) counts[std::string(to_string(key.second))] = count;
  }
  return counts;
}

json figures(const JobTally& job) {
  return {{"slots", job.slots},
          {"started", job.count(SlotResult::started)},
          {"skipped", reasons(job, SlotResult::skipped)},
          {"missed", reasons(job, SlotResult::missed)},
          {"coalesced", job.count(SlotResult::coalesced)},
          {"runs", job.runs},
          {"failed", job.failed},
          {"cut_off", job.cut_off},
          {"waited", job.waited},
          {"longest_wait_seconds", seconds(job.longest_wait)},
          {"longest_wait_slot", instant(job.longest_wait_slot)},
          {"busy_seconds", seconds(job.busy)},
          {"most_running", job.running.most},
          {"most_running_at", instant(job.running.at)},
          {"most_queued", job.queued.most},
          {"most_queued_at", instant(job.queued.at)}};
}

/// All jobs as one.
JobTally sum(const Tally& tally) {
  JobTally all;
  for (const auto& [name, job] : tally.jobs) {
    all.slots += job.slots;
    for (const auto& [key, count] : job.results) all.results[key] += count;
    all.runs += job.runs;
    all.failed += job.failed;
    all.cut_off += job.cut_off;
    all.waited += job.waited;
    all.busy += job.busy;
    if (job.longest_wait > all.longest_wait) {
      all.longest_wait = job.longest_wait;
      all.longest_wait_slot = job.longest_wait_slot;
    }
  }
  all.running = tally.running;
  all.queued = tally.queued;
  return all;
}

const JobSamples* samples_of(const Simulation& simulation, const std::string& job) {
  const auto found = simulation.samples->find(job);
  return found == simulation.samples->end() ? nullptr : &found->second;
}

std::string source_of(const JobSamples* samples) {
  if (samples != nullptr && samples->assumed) return "assumed";
  return samples != nullptr && !samples->recorded.empty() ? "recorded" : "unknown";
}

json view(const std::string& name, const GroupTally& group) {
  return {{"group", name},
          {"limit", group.limit ? json(*group.limit) : json(nullptr)},
          {"most_in_use", group.in_use.most},
          {"most_in_use_at", instant(group.in_use.at)},
          {"refused", group.refused},
          {"saturated_seconds", seconds(group.saturated)}};
}

std::string shown(const std::optional<WallTime>& at, const time::Zone& zone) {
  return at ? time::format_time(std::chrono::floor<std::chrono::seconds>(*at), zone) : "never";
}

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most_names); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > most_names) text += " and " + std::to_string(names.size() - most_names) + " more";
  return text;
}

}  // namespace

json view(const Simulation& simulation) {
  json jobs = json::array();
  for (const auto& [name, job] : simulation.tally.jobs) {
    const JobSamples* const samples = samples_of(simulation, name);
    json document = figures(job);
    document["job"] = name;
    document["durations"] = source_of(samples);
    document["recorded"] = samples != nullptr ? samples->recorded.size() : 0;
    jobs.push_back(std::move(document));
  }
  json groups = json::array();
  for (const auto& [name, group] : simulation.tally.groups) groups.push_back(view(name, group));
  return {{"from", instant(simulation.from)},
          {"to", instant(simulation.to)},
          {"until", instant(simulation.until)},
          {"jobs", std::move(jobs)},
          {"groups", std::move(groups)},
          {"by_files", simulation.by_files},
          {"unaccounted", simulation.tally.unaccounted},
          {"total", figures(sum(simulation.tally))}};
}

std::vector<std::string> remarks(const Simulation& simulation, const time::Zone& zone) {
  std::vector<std::string> all;
  const Tally& tally = simulation.tally;
  if (tally.running.most > 0) {
    all.push_back("At most " + std::to_string(tally.running.most) + (tally.running.most == 1 ? " run" : " runs") +
                  " at once, first at " + shown(tally.running.at, zone) + ".");
  }
  if (tally.queued.most > 0) {
    all.push_back("At most " + std::to_string(tally.queued.most) + (tally.queued.most == 1 ? " slot" : " slots") +
                  " in queues at once, first at " + shown(tally.queued.at, zone) + ".");
  }
  for (const auto& [name, group] : tally.groups) {
    if (group.saturated == time::Duration::zero() && group.refused == 0) continue;
    all.push_back("Group \"" + name + "\" was full for " +
                  time::describe_duration(std::chrono::floor<std::chrono::seconds>(group.saturated)) + ", first at " +
                  shown(group.in_use.at, zone) + ", and refused " + std::to_string(group.refused) + " slots.");
  }
  if (simulation.until < simulation.to) {
    all.push_back("It ended early, at " + shown(simulation.until, zone) + ", after " + std::to_string(tally.slots) +
                  " slots: simulate a shorter span.");
  }
  if (tally.unaccounted > 0) {
    all.push_back(std::to_string(tally.unaccounted) +
                  " slots were lost sight of: this is a bug of belfry, please tell.");
  }
  if (!simulation.by_files.empty()) {
    all.push_back("Nobody knows when files will come: without slots are " + list_of(simulation.by_files) + ".");
  }
  std::vector<std::string> unknown;
  for (const auto& [name, job] : tally.jobs) {
    if (job.slots > 0 && source_of(samples_of(simulation, name)) == "unknown") unknown.push_back(name);
  }
  if (!unknown.empty()) {
    all.push_back("No run is on record of " + list_of(unknown) +
                  ": taken as if it took no time. Assume one with --duration JOB=SPAN, or --duration SPAN for all.");
  }
  return all;
}

}  // namespace belfry::daemon
