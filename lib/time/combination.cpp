#include "time/combination.hpp"

#include <algorithm>

namespace belfry::time {
namespace {

template <typename Text>
std::string join(const std::vector<TriggerPointer>& triggers, std::string_view between, Text text) {
  std::string out;
  for (const TriggerPointer& trigger : triggers) {
    if (!out.empty()) out += between;
    out += text(*trigger);
  }
  return out;
}

std::string descriptions(const std::vector<TriggerPointer>& triggers, std::string_view between) {
  return join(triggers, between, [](const Trigger& trigger) { return trigger.describe(); });
}

std::string texts(const std::vector<TriggerPointer>& triggers) {
  return "[" + join(triggers, "; ", [](const Trigger& trigger) { return trigger.normalise(); }) + "]";
}

}  // namespace

std::optional<WallTime> AnyOf::next(WallTime after) const noexcept {
  std::optional<WallTime> first;
  for (const TriggerPointer& trigger : triggers_) {
    const auto fire = trigger->next(after);
    if (fire && (!first || *fire < *first)) first = fire;
  }
  return first;
}

std::optional<WallTime> AnyOf::previous(WallTime before) const noexcept {
  std::optional<WallTime> last;
  for (const TriggerPointer& trigger : triggers_) last = std::max(last, trigger->previous(before));
  return last;
}

bool AnyOf::never_fires() const noexcept {
  return std::ranges::all_of(triggers_, [](const TriggerPointer& trigger) { return trigger->never_fires(); });
}

std::string AnyOf::describe() const { return descriptions(triggers_, "; or "); }
std::string AnyOf::normalise() const { return texts(triggers_); }

std::optional<WallTime> AllOf::next(WallTime after) const noexcept {
  // Each in turn leaps to its first fire not before the candidate; when nobody has moved it, all are due.
  auto candidate = triggers_.front()->next(after);
  std::size_t agreed = 1;
  std::size_t turn = 0;
  for (int leaps = 0; candidate && agreed < triggers_.size(); ++leaps) {
    if (leaps == most_leaps) return std::nullopt;
    turn = (turn + 1) % triggers_.size();
    const auto fire = triggers_[turn]->next(*candidate - Duration{1});
    agreed = fire == candidate ? agreed + 1 : 1;
    candidate = fire;
  }
  return candidate;
}

std::optional<WallTime> AllOf::previous(WallTime before) const noexcept {
  auto candidate = triggers_.front()->previous(before);
  std::size_t agreed = 1;
  std::size_t turn = 0;
  for (int leaps = 0; candidate && agreed < triggers_.size(); ++leaps) {
    if (leaps == most_leaps) return std::nullopt;
    turn = (turn + 1) % triggers_.size();
    const auto fire = triggers_[turn]->previous(*candidate + Duration{1});
    agreed = fire == candidate ? agreed + 1 : 1;
    candidate = fire;
  }
  return candidate;
}

std::string AllOf::describe() const { return "when all of these meet: " + descriptions(triggers_, "; and "); }
std::string AllOf::normalise() const { return "all of " + texts(triggers_); }

}  // namespace belfry::time
