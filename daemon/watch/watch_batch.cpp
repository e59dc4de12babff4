#include "daemon/watch/watch_batch.hpp"

#include <algorithm>

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

/// When there is nothing left to wait for, the next thing is the first one again.
void WatchBatch::settle() {
  if (heard_.empty() && looking_.empty() && pending_.empty()) first_.reset();
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
  settle();
}

bool WatchBatch::heard(std::string path, Moment now) {
  note(now);
  if (heard_.size() >= most_heard && !heard_.contains(path)) return false;
  heard_.insert(std::move(path));
  return true;
}

void WatchBatch::look_at_all_begins(Moment now) {
  look_owed_ = false;
  looked_ = now;
  looking_.merge(heard_);
  heard_.clear();
}

void WatchBatch::saw_all(const SeenFiles& files, Moment now) {
  std::erase_if(known_, [&](const auto& known) { return !files.contains(known.first); });
  std::erase_if(pending_, [&](const auto& pending) { return !files.contains(pending.first); });
  bool found = false;  // what nobody heard of
  for (const auto& [path, file] : files) {
    if (see(path, file.stamp, now) && !looking_.contains(path) && !heard_.contains(path)) found = true;
  }
  if (found) note(now);
  looking_.clear();
  settle();
}

void WatchBatch::look_at_all_failed() {
  heard_.merge(looking_);
  looking_.clear();
}

std::vector<std::string> WatchBatch::look_begins(Moment now) {
  looked_ = now;
  looking_.merge(heard_);
  heard_.clear();
  std::set<std::string> paths = looking_;
  for (const auto& [path, pending] : pending_) {
    if (!pending.stable && now >= pending.since + stable_for_) paths.insert(path);
  }
  return {paths.begin(), paths.end()};
}

void WatchBatch::saw(const std::string& path, const std::optional<SeenFile>& file, Moment now) {
  looking_.erase(path);
  if (file) {
    if (see(path, file->stamp, now) && !first_) note(now);
  } else {
    known_.erase(path);
    pending_.erase(path);
  }
  settle();
}

void WatchBatch::forget(const std::string& path) {
  looking_.erase(path);
  pending_.erase(path);
  settle();
}

/// True: it is pending now, with another content than before.
bool WatchBatch::see(const std::string& path, const FileStamp& stamp, Moment now) {
  const auto known = known_.find(path);
  if (known != known_.end() && known->second == stamp) {
    pending_.erase(path);
    return false;
  }
  const auto before = pending_.find(path);
  if (before != pending_.end() && before->second.stamp == stamp) {
    before->second.stable = before->second.stable || now - before->second.since >= stable_for_;
    return false;
  }
  if (before == pending_.end() && !(known != known_.end() ? on_change_ : on_appear_)) {
    known_.insert_or_assign(path, stamp);
    return false;
  }
  pending_.insert_or_assign(path, Pending{.stamp = stamp, .since = now, .stable = stable_for_ == Moment::zero()});
  return true;
}

/// From then on what is complete is taken, however loud it is and whatever else is not.
Moment WatchBatch::patient_until() const {
  return first_.value_or(last_) + std::max(patience * debounce_, stable_patience * stable_for_);
}

/// When it has been quiet, or has been loud for long enough since the last look; and when a file may be stable.
std::optional<Moment> WatchBatch::next_look() const {
  const Moment quiet = last_ + debounce_;
  std::optional<Moment> look;
  for (const auto& [path, pending] : pending_) {
    if (pending.stable) continue;
    const Moment at = pending.since + stable_for_;
    look = look ? std::min(*look, at) : at;
  }
  if (heard_.empty()) return look ? std::optional(std::max(*look, quiet)) : std::nullopt;
  const Moment loud = std::min(quiet, std::max(first_.value_or(last_), looked_) + patience * debounce_);
  return look ? std::min(loud, std::max(*look, looked_ + debounce_)) : loud;
}

std::optional<Moment> WatchBatch::next_take() const {
  bool some = false;
  bool all = heard_.empty() && !look_owed_;
  for (const auto& [path, pending] : pending_) {
    some = some || pending.stable;
    all = all && pending.stable;
  }
  if (!some) return std::nullopt;
  return all ? std::min(last_ + debounce_, patient_until()) : patient_until();
}

std::optional<Moment> WatchBatch::next() const {
  const auto look = next_look();
  const auto take = next_take();
  return look && take ? std::min(*look, *take) : look ? look : take;
}

std::vector<std::string> WatchBatch::take(Moment now) {
  const auto at = next_take();
  if (!at || now < *at) return {};
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
  first_.reset();
  if (!pending_.empty() || !heard_.empty()) first_ = now;
  return taken;
}

}  // namespace belfry::daemon
