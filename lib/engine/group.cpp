#include "engine/group.hpp"

#include <stdexcept>
#include <tuple>
#include <utility>

namespace belfry::engine {

bool Group::Place::operator<(const Place& other) const noexcept {
  return std::tuple(-priority, since, arrival) < std::tuple(-other.priority, other.since, other.arrival);
}

Group::Group(std::string name, const GroupPolicy& policy) : name_(std::move(name)), policy_(policy) {
  if (policy_.rate) rate_.emplace(*policy_.rate);
}

void Group::set_policy(const GroupPolicy& policy, Monotonic now) {
  policy_ = policy;
  if (!policy_.rate) {
    rate_.reset();
  } else if (rate_) {
    rate_->set_policy(*policy_.rate, now);
  } else {
    rate_.emplace(*policy_.rate);
  }
}

Entry Group::ask(const GroupUse& use, Monotonic now) const {
  const bool behind = !order_.empty() && order_.begin()->priority >= use.priority;
  const bool room = !behind && fits(use.weight);
  if (room && (!rate_ || rate_->ready(now))) return Entry::enter;
  if (policy_.on_full == OnFull::skip) return room ? Entry::rate : Entry::full;
  return order_.size() < static_cast<std::size_t>(policy_.queue_limit) ? Entry::wait : Entry::full;
}

void Group::enter(ledger::RunId run, int weight, Monotonic now) {
  count_in(run, weight);
  withdraw(run);
  if (rate_) rate_->take(now);
}

void Group::adopt(ledger::RunId run, int weight) { count_in(run, weight); }

bool Group::leave(ledger::RunId run) noexcept {
  const auto found = inside_.find(run);
  if (found == inside_.end()) return false;
  used_ -= found->second;
  inside_.erase(found);
  return true;
}

void Group::wait(const Waiter& waiter) {
  if (places_.contains(waiter.run)) {
    throw std::logic_error("group " + name_ + ": run " + std::to_string(waiter.run) + " waits already");
  }
  const auto place = order_.insert({.priority = waiter.priority,
                                    .since = waiter.since,
                                    .arrival = next_arrival_++,
                                    .run = waiter.run,
                                    .weight = waiter.weight});
  places_.emplace(waiter.run, place.first);
}

bool Group::withdraw(ledger::RunId run) noexcept {
  const auto found = places_.find(run);
  if (found == places_.end()) return false;
  order_.erase(found->second);
  places_.erase(found);
  return true;
}

std::optional<Waiter> Group::next(Monotonic now) const {
  const std::optional<Monotonic> at = next_at(now);
  if (!at || *at > now) return std::nullopt;
  const Place& first = *order_.begin();
  return Waiter{.run = first.run, .weight = first.weight, .priority = first.priority, .since = first.since};
}

std::optional<Monotonic> Group::next_at(Monotonic now) const {
  if (order_.empty() || !fits(order_.begin()->weight)) return std::nullopt;
  return rate_ ? rate_->ready_at(now) : now;
}

std::vector<Waiter> Group::waiters() const {
  std::vector<Waiter> result;
  result.reserve(order_.size());
  for (const Place& place : order_) {
    result.push_back({.run = place.run, .weight = place.weight, .priority = place.priority, .since = place.since});
  }
  return result;
}

std::string Group::dump() const {
  std::string line = "group " + name_ + ": " + std::to_string(used_);
  if (policy_.limit) line += " of " + std::to_string(*policy_.limit);
  line += " taken by " + std::to_string(running()) + (running() == 1 ? " run, " : " runs, ");
  return line + std::to_string(waiting()) + (waiting() == 1 ? " waits" : " wait");
}

bool Group::fits(int weight) const noexcept {
  return !policy_.limit || inside_.empty() || used_ + weight <= *policy_.limit;
}

void Group::count_in(ledger::RunId run, int weight) {
  if (!inside_.emplace(run, weight).second) {
    throw std::logic_error("group " + name_ + ": run " + std::to_string(run) + " is in already");
  }
  used_ += weight;
}

}  // namespace belfry::engine
