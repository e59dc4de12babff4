#include "engine/dependencies.hpp"

#include <utility>

namespace belfry::engine {
namespace {

void append(std::string& list, std::string_view part) {
  if (!list.empty()) list += "; ";
  list += part;
}

std::string ended_with(const Dependency& need, ledger::Outcome outcome) {
  return need.job + " ended with " + std::string(ledger::to_string(outcome));
}

std::string needed(const Dependency& need) { return ", " + std::string(to_string(need.on)) + " is needed"; }

}  // namespace

bool meets(DependencyEnd needed, ledger::Outcome outcome) noexcept {
  switch (needed) {
    case DependencyEnd::success:
      return outcome == ledger::Outcome::success;
    case DependencyEnd::failure:
      return outcome != ledger::Outcome::success && outcome != ledger::Outcome::cancelled;
    case DependencyEnd::done:
      return true;
  }
  return false;
}

std::optional<std::string> objection_to(const Job& job, const LastEnd& last_end) {
  std::string why;
  for (const Dependency& need : job.depends_on) {
    const std::optional<JobEnd> end = last_end(need.job);
    if (!end) {
      append(why, need.job + " never ran");
    } else if (!meets(need.on, end->outcome)) {
      append(why, ended_with(need, end->outcome) + needed(need));
    }
  }
  if (why.empty()) return std::nullopt;
  return why;
}

void Dependencies::set_catalog(const Catalog& catalog) {
  DrivenJobs before = std::exchange(driven_, {});
  dependents_.clear();
  for (const auto& [name, job] : catalog.jobs) {
    if (!job->is_driven() || !job->enabled) continue;
    Driven driven{.needs = job->depends_on, .ends = {}, .open = job->depends_on.size()};
    driven.ends.resize(driven.open);
    const auto old = before.find(name);
    if (old != before.end() && old->second.needs == driven.needs) driven = std::move(old->second);
    const auto place = driven_.emplace(name, std::move(driven)).first;
    for (std::size_t need = 0; need < place->second.needs.size(); ++need) {
      dependents_[place->second.needs[need].job].push_back({.job = place, .need = need});
    }
  }
}

std::optional<Round> Dependencies::restore(std::string_view job, WallTime since, const LastEnd& last_end) {
  const auto place = driven_.find(job);
  if (place == driven_.end()) return std::nullopt;
  std::optional<JobEnd> newest;
  for (std::size_t need = 0; need < place->second.needs.size(); ++need) {
    const std::optional<JobEnd> end = last_end(place->second.needs[need].job);
    if (!end || end->at <= since) continue;
    note(place->second, need, *end);
    if (!newest || end->at > newest->at) newest = end;
  }
  return newest ? decide(place->first, place->second, *newest) : std::nullopt;
}

std::vector<Round> Dependencies::ended(std::string_view job, const JobEnd& end) {
  std::vector<Round> rounds;
  const auto edges = dependents_.find(job);
  if (edges == dependents_.end()) return rounds;
  for (const Edge& edge : edges->second) {
    Driven& driven = edge.job->second;
    note(driven, edge.need, end);
    if (std::optional<Round> round = decide(edge.job->first, driven, end)) rounds.push_back(*std::move(round));
  }
  return rounds;
}

std::string Dependencies::dump(std::string_view job) const {
  const auto place = driven_.find(job);
  if (place == driven_.end()) return {};
  std::string open;
  std::string ended;
  for (std::size_t need = 0; need < place->second.needs.size(); ++need) {
    const Dependency& dependency = place->second.needs[need];
    const std::optional<JobEnd>& end = place->second.ends[need];
    if (end) {
      append(ended, ended_with(dependency, end->outcome));
    } else {
      open += (open.empty() ? "waits for " : ", ") + dependency.job;
    }
  }
  if (!ended.empty()) append(open, ended);
  return open;
}

void Dependencies::note(Driven& driven, std::size_t need, const JobEnd& end) {
  if (!driven.ends[need]) --driven.open;
  driven.ends[need] = end;
}

std::optional<Round> Dependencies::decide(const std::string& job, Driven& driven, const JobEnd& cause) {
  if (driven.open > 0) return std::nullopt;
  Round round{.job = job, .met = true, .cause = cause, .why = {}};
  for (std::size_t need = 0; need < driven.needs.size(); ++need) {
    const Dependency& dependency = driven.needs[need];
    const std::optional<JobEnd> end = std::exchange(driven.ends[need], std::nullopt);
    if (end && !meets(dependency.on, end->outcome)) {
      append(round.why, ended_with(dependency, end->outcome) + needed(dependency));
    }
  }
  driven.open = driven.needs.size();
  round.met = round.why.empty();
  return round;
}

}  // namespace belfry::engine
