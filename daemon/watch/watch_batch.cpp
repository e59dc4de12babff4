#include "daemon/watch/watch_batch.hpp"

#include <algorithm>
#include <iterator>

namespace belfry::daemon {

WatchBatch::WatchBatch(const engine::Watch& watch)
    : on_appear_(watch.on_appear),
      on_change_(watch.on_change),
      debounce_(watch.debounce),
      stable_for_(watch.stable_for) {}

void WatchBatch::note(Moment now) {
  if (!first_) first_ = now;
  last_ = now;
}

void WatchBatch::begin(const SeenFiles& files, time::WallTime since, Moment now) {
  for (const auto& [path, file] : files) {
    if (file.changed < since) {
      known_.emplace(path, file.stamp);
      continue;
    }
    // What is new and what was changed cannot be told apart any more: either counts.
    pending_.insert_or_assign(path,
                              Pending{.stamp = file.stamp, .since = now, .stable = stable_for_ == Moment::zero()});
    note(now);
  }
}

void WatchBatch::saw_all(const SeenFiles& files, Moment now) {
  heard_.clear();
  std::erase_if(known_, [&](const auto& known) { return !files.contains(known.first); });
  std::erase_if(pending_, [&](const auto& pending) { return !files.contains(pending.first); });
  for (const auto& [path, file] : files) see(path, file.stamp, now);
  if (pending_.empty()) first_.reset();
}

bool WatchBatch::heard(std::string path, Moment now) {
  note(now);
  if (heard_.size() >= most_heard && !heard_.contains(path)) return false;
  heard_.insert(std::move(path));
  return true;
}

std::vector<std::string> WatchBatch::to_look_at() const {
  std::set<std::string> paths = heard_;
  for (const auto& [path, pending] : pending_) {
    if (!pending.stable) paths.insert(path);
  }
  return {paths.begin(), paths.end()};
}

void WatchBatch::saw(const std::string& path, const std::optional<SeenFile>& file, Moment now) {
  heard_.erase(path);
  if (file) {
    see(path, file->stamp, now);
  } else {
    known_.erase(path);
    pending_.erase(path);
  }
  if (heard_.empty() && pending_.empty()) first_.reset();
}

void WatchBatch::forget(const std::string& path) {
  heard_.erase(path);
  pending_.erase(path);
  if (heard_.empty() && pending_.empty()) first_.reset();
}

void WatchBatch::see(const std::string& path, const FileStamp& stamp, Moment now) {
  const auto known = known_.find(path);
  if (known != known_.end() && known->second == stamp) {
    pending_.erase(path);
    return;
  }
  const auto before = pending_.find(path);
  if (before != pending_.end() && before->second.stamp == stamp) {
    before->second.stable = before->second.stable || now - before->second.since >= stable_for_;
    return;
  }
  if (before == pending_.end() && !(known != known_.end() ? on_change_ : on_appear_)) {
    known_.insert_or_assign(path, stamp);
    return;
  }
  if (!first_) note(now);  // nobody heard of it: it was found by a look at all files
  pending_.insert_or_assign(path, Pending{.stamp = stamp, .since = now, .stable = stable_for_ == Moment::zero()});
}

/// When it has been quiet, or has been loud for long enough.
Moment WatchBatch::quiet_at() const {
  const Moment longest = patience * std::max(debounce_, stable_for_);
  return std::min(last_ + debounce_, first_.value_or(last_) + longest);
}

std::optional<Moment> WatchBatch::next() const {
  if (heard_.empty() && pending_.empty()) return std::nullopt;
  Moment next = quiet_at();
  if (!heard_.empty()) return next;
  std::optional<Moment> look;
  bool some_stable = false;
  for (const auto& [path, pending] : pending_) {
    some_stable = some_stable || pending.stable;
    if (pending.stable) continue;
    const Moment at = pending.since + stable_for_;
    look = look ? std::min(*look, at) : at;
  }
  if (!look) return next;
  if (some_stable) look = std::min(*look, *first_ + patience * std::max(debounce_, stable_for_));
  return std::max(next, *look);
}

std::vector<std::string> WatchBatch::take(Moment now) {
  if (!first_ || now < quiet_at()) return {};
  const bool all = std::ranges::all_of(pending_, [](const auto& pending) { return pending.second.stable; });
  if (!all && now < *first_ + patience * std::max(debounce_, stable_for_)) return {};
  std::vector<std::string> taken;
  for (auto each = pending_.begin(); each != pending_.end();) {
    if (!each->second.stable) {
      ++each;
      continue;
    }
    known_.insert_or_assign(each->first, each->second.stamp);
    taken.push_back(each->first);
    each = pending_.erase(each);
  }
  if (taken.empty()) return taken;  // patience is over: the first one that is stable is taken
  first_.reset();
  if (!pending_.empty() || !heard_.empty()) first_ = now;
  return taken;
}

}  // namespace belfry::daemon
