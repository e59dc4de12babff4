#include "engine/catchup.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace belfry::engine {
namespace {

RatePolicy rate_of(const CatchupPolicy& policy) noexcept {
  return {.count = policy.starts_per_minute,
          .per = std::chrono::minutes{1},
          .burst = std::max(1, policy.starts_per_minute / 60)};
}

}  // namespace

bool Catchup::Turn::operator<(const Turn& other) const noexcept {
  return std::tie(other.priority, slot, job->first) < std::tie(priority, other.slot, other.job->first);
}

Catchup::Catchup(const CatchupPolicy& policy) : budget_(rate_of(policy)) {}

void Catchup::set_policy(const CatchupPolicy& policy, Monotonic now) noexcept {
  budget_.set_policy(rate_of(policy), now);
}

bool Catchup::add(std::string_view job, WallTime slot, int priority) {
  auto place = jobs_.find(job);
  const bool first = place == jobs_.end();
  if (first) place = jobs_.emplace(job, Waiting{}).first;
  Waiting& waiting = place->second;
  const bool moves = first || slot < *waiting.slots.begin() || priority != waiting.priority;
  if (moves && !first) turns_.erase(turn_of(place));
  waiting.priority = priority;
  const std::size_t before = waiting.slots.size();
  waiting.slots.insert(waiting.slots.end(), slot);  // mostly told in their order: O(1) then
  if (moves) turns_.insert(turn_of(place));
  size_ += waiting.slots.size() - before;
  return waiting.slots.size() > before;
}

std::optional<MissedSlot> Catchup::take(Monotonic now) {
  if (turns_.empty() || !budget_.ready(now)) return std::nullopt;
  budget_.take(now);
  auto turn = turns_.extract(turns_.begin());
  MissedSlot first{.job = turn.value().job->first, .slot = turn.value().slot, .priority = turn.value().priority};
  const auto job = jobs_.find(first.job);
  job->second.slots.erase(job->second.slots.begin());
  --size_;
  if (job->second.slots.empty()) {
    jobs_.erase(job);
  } else {
    turn.value() = turn_of(job);
    turns_.insert(std::move(turn));
  }
  return first;
}

std::optional<Monotonic> Catchup::next_at(Monotonic now) const noexcept {
  if (turns_.empty()) return std::nullopt;
  return budget_.ready_at(now);
}

/// A merge of the jobs: only those whose turn has come are opened, so that a million others cost nothing.
std::vector<MissedSlot> Catchup::plan(std::size_t limit) const {
  std::vector<MissedSlot> result;
  result.reserve(std::min(limit, size_));
  std::set<Turn> opened;
  auto unopened = turns_.begin();
  while (result.size() < limit) {
    if (unopened != turns_.end() && (opened.empty() || *unopened < *opened.begin())) opened.insert(*unopened++);
    if (opened.empty()) break;
    auto first = opened.extract(opened.begin());
    Turn& turn = first.value();
    result.push_back({.job = turn.job->first, .slot = turn.slot, .priority = turn.priority});
    const std::set<WallTime>& slots = turn.job->second.slots;
    const auto after = slots.upper_bound(turn.slot);
    if (after == slots.end()) continue;
    turn.slot = *after;
    opened.insert(std::move(first));
  }
  return result;
}

std::vector<WallTime> Catchup::remove(std::string_view job) {
  const auto place = jobs_.find(job);
  if (place == jobs_.end()) return {};
  turns_.erase(turn_of(place));
  std::vector<WallTime> slots(place->second.slots.begin(), place->second.slots.end());
  size_ -= slots.size();
  jobs_.erase(place);
  return slots;
}

std::size_t Catchup::size(std::string_view job) const noexcept {
  const auto place = jobs_.find(job);
  return place == jobs_.end() ? 0 : place->second.slots.size();
}

Catchup::Turn Catchup::turn_of(Jobs::const_iterator job) noexcept {
  return {.priority = job->second.priority, .slot = *job->second.slots.begin(), .job = job};
}

}  // namespace belfry::engine
