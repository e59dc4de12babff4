#include "engine/fire_diff.hpp"

#include <algorithm>
#include <optional>

namespace belfry::engine {
namespace {

/// The fires of a job that may be missing, one after the other.
class Walk {
 public:
  Walk(const Job* job, const FireDiffOptions& options, std::size_t& budget)
      : job_(job != nullptr && job->enabled && job->trigger ? job : nullptr), until_(options.until), budget_(budget) {
    if (job_ != nullptr) look(options.from);
  }

  std::optional<WallTime> fire() const noexcept { return fire_; }
  void advance() { look(*fire_); }

 private:
  void look(WallTime after) {
    do {
      budget_ -= budget_ > 0 ? 1 : 0;
      fire_ = job_->trigger->next(after);
      if (!fire_ || *fire_ > until_) {
        fire_.reset();
        return;
      }
      after = *fire_;
    } while (budget_ > 0 && job_->days_off.contains(*fire_));
  }

  const Job* job_;
  WallTime until_;
  std::size_t& budget_;
  std::optional<WallTime> fire_;
};

void note(WallTime fire, std::uint64_t& count, std::vector<WallTime>& shown, std::size_t most_shown) {
  ++count;
  if (shown.size() < most_shown) shown.push_back(fire);
}

/// The triggers say the same words; policies and days off may make them mean different things.
bool read_the_same(const Job& before, const Job& after) {
  if (before.enabled != after.enabled || before.timezone != after.timezone) return false;
  if (!before.trigger || !after.trigger) return !before.trigger && !after.trigger;
  return before.trigger->normalise() == after.trigger->normalise();
}

class Comparison {
 public:
  Comparison(const FireDiffOptions& options, std::size_t jobs)
      : options_(options),
        each_(std::clamp(options.most / std::max<std::size_t>(jobs, 1), options.least_each,
                         std::max(options.least_each, options.most_each))) {}

  void compare(const Job* before, const Job* after) {
    if (before == after) return;
    const bool both = before != nullptr && after != nullptr;
    if (both && options_.same_rules && before->fingerprint == after->fingerprint) return;
    FireChange change = walk(before, after);
    const bool same = change.vanishing == 0 && change.appearing == 0;
    const bool cut_off = change.compared_until < options_.until;
    if (same && (!cut_off || (both && read_the_same(*before, *after)))) return;
    const Job& named = after != nullptr ? *after : *before;
    change.job = named.name;
    change.timezone = named.timezone;
    changes.push_back(std::move(change));
  }

  std::vector<FireChange> changes;

 private:
  FireChange walk(const Job* before, const Job* after) const {
    FireChange change;
    change.compared_until = options_.until;
    std::size_t budget = each_;
    Walk old_fires(before, options_, budget);
    Walk new_fires(after, options_, budget);
    while (old_fires.fire() || new_fires.fire()) {
      const WallTime old_fire = old_fires.fire().value_or(WallTime::max());
      const WallTime new_fire = new_fires.fire().value_or(WallTime::max());
      if (budget == 0) {
        change.compared_until = std::min(old_fire, new_fire) - Duration{1};
        break;
      }
      if (old_fire < new_fire) note(old_fire, change.vanishing, change.first_vanishing, options_.shown);
      if (new_fire < old_fire) note(new_fire, change.appearing, change.first_appearing, options_.shown);
      if (old_fire <= new_fire) old_fires.advance();
      if (new_fire <= old_fire) new_fires.advance();
    }
    return change;
  }

  const FireDiffOptions& options_;
  std::size_t each_;
};

}  // namespace

std::vector<FireChange> diff_fires(const Catalog& before, const Catalog& after, const FireDiffOptions& options) {
  Comparison comparison(options, std::max(before.jobs.size(), after.jobs.size()));
  auto old_job = before.jobs.begin();
  auto new_job = after.jobs.begin();
  while (old_job != before.jobs.end() || new_job != after.jobs.end()) {
    const bool only_old =
        new_job == after.jobs.end() || (old_job != before.jobs.end() && old_job->first < new_job->first);
    const bool only_new =
        old_job == before.jobs.end() || (new_job != after.jobs.end() && new_job->first < old_job->first);
    comparison.compare(only_new ? nullptr : old_job->second.get(), only_old ? nullptr : new_job->second.get());
    if (!only_new) ++old_job;
    if (!only_old) ++new_job;
  }
  return std::move(comparison.changes);
}

}  // namespace belfry::engine
