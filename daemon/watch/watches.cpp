#include "daemon/watch/watches.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "async/sleep.hpp"

namespace belfry::daemon {

Watches::Watches(Parts parts) : parts_(parts) {}

void Watches::subscribe(engine::EventStream& events) {
  events.subscribe([this](const engine::Event& event) { take(event); });
}

void Watches::take(const engine::Event& event) {
  if (std::holds_alternative<engine::CatalogApplied>(event)) refreshed_.set();
  if (jobs_.empty()) return;
  const auto tell = [this](const auto& fact) {
    if (const auto found = jobs_.find(fact.job); found != jobs_.end()) found->second->on(fact);
  };
  if (const auto* slot = std::get_if<ledger::SlotClosed>(&event)) tell(*slot);
  if (const auto* run = std::get_if<ledger::RunEnded>(&event)) tell(*run);
  if (const auto* pause = std::get_if<ledger::PauseChanged>(&event)) tell(*pause);
}

async::Task<> Watches::serve() {
  auto body = [this](async::TaskGroup& group) -> async::Task<> {
    for (;;) {
      refreshed_.clear();
      keep_in_step(group);
      co_await refreshed_.wait();
    }
  };
  co_await async::with_task_group(body);
}

void Watches::keep_in_step(async::TaskGroup& group) {
  const auto catalog = parts_.engine.catalog();
  if (!catalog) return;
  for (auto each = jobs_.begin(); each != jobs_.end();) {
    const auto found = catalog->jobs.find(each->first);
    const bool kept = found != catalog->jobs.end() && found->second->enabled && found->second->watch &&
                      *found->second->watch == each->second->watch();
    if (!kept) each->second->stop();
    each = kept ? std::next(each) : jobs_.erase(each);
  }
  std::vector<std::shared_ptr<JobWatch>> fresh;
  for (const auto& [name, job] : catalog->jobs) {
    if (!job->watch || !job->enabled || jobs_.contains(name)) continue;
    fresh.push_back(std::make_shared<JobWatch>(
        name, job->watch,
        JobWatch::Parts{.engine = parts_.engine, .pool = parts_.pool, .log = parts_.log, .index = *this}));
    jobs_.emplace(name, fresh.back());
  }
  if (!jobs_.empty() && !eyes_) open_eyes(group);
  if (round_ != nullptr) round_->cancel(async::CancelReason::replaced);
  for (auto& watch : fresh) {
    auto serve = [](std::shared_ptr<JobWatch> kept) -> async::Task<> { co_await kept->serve(); };
    group.start(serve(watch), async::SpawnOptions("watch of " + watch->job()).kind("daemon"));
  }
  count();
}

void Watches::open_eyes(async::TaskGroup& group) {
  try {
    eyes_.emplace(parts_.pool);
  } catch (const io::IoError& error) {
    if (!std::exchange(told_blind_, true)) {
      parts_.log.error("files cannot be watched, and are looked for once a minute instead",
                       {{"reason", error.what()}, {"next", io::inotify_advice(error.code().value())}});
    }
    return;
  }
  group.start(listen(), async::SpawnOptions("watches").kind("daemon"));
  group.start(watch_way(), async::SpawnOptions("ways of watches").kind("daemon"));
}

async::Task<> Watches::listen() {
  for (;;) {
    co_await eyes_->inside.readable();
    while (eyes_->inside.take([this](const io::Inotify::Event& event) { dispatch(event); })) co_await async::yield();
    let_go();
    co_await async::sleep(bundle);
  }
}

void Watches::dispatch(const io::Inotify::Event& event) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) {
    counts_->overflows.add(1);
    for (const auto& [name, job] : jobs_) job->look_at_all();
    return;
  }
  if (scans_ > 0) stirred_.insert(event.watch);
  const auto found = folders_.find(event.watch);
  if (found == folders_.end()) {
    if ((event.mask & IN_IGNORED) == 0) unused_.push_back(event.watch);
    return;
  }
  for (JobWatch* const job : found->second) job->heard(event.watch, event.mask, event.name);
}

/// The folders where the walks begin: when one of them comes, goes or becomes another one, all is looked at.
async::Task<> Watches::watch_way() {
  for (;;) {
    async::CancelScope round;
    round_ = &round;
    co_await round.run(follow_way());
    round_ = nullptr;
  }
}

async::Task<> Watches::follow_way() {
  std::vector<std::filesystem::path> ways;
  for (const auto& [name, job] : jobs_) {
    const auto bases = job->bases();
    ways.insert(ways.end(), bases.begin(), bases.end());
  }
  std::ranges::sort(ways);
  ways.erase(std::ranges::unique(ways).begin(), ways.end());
  co_await eyes_->way.follow(ways);
  for (;;) {
    for (const auto& [name, job] : jobs_) job->look_at_all();
    co_await eyes_->way.changed();
  }
}

void Watches::scan_ended(JobWatch& watch, const std::map<int, WatchedFolder>& before,
                         const std::map<int, WatchedFolder>& now) {
  --scans_;
  for (const auto& [folder, about] : before) {
    if (now.contains(folder)) continue;
    const auto found = folders_.find(folder);
    std::erase(found->second, &watch);
    if (!found->second.empty()) continue;
    folders_.erase(found);
    unused_.push_back(folder);
  }
  for (const auto& [folder, about] : now) {
    const auto known = before.find(folder);
    if (known == before.end()) folders_[folder].push_back(&watch);
    // What it told since it was read went to nobody, or was taken for something under the name that it had.
    const bool unheard = known == before.end() || known->second.path() != about.path();
    if (unheard && stirred_.contains(folder)) watch.look_at_all();
  }
  if (scans_ == 0) stirred_.clear();
  let_go();
  count();
}

/// Of watches that nobody needs; while somebody looks around, it may have come to need one that it has not told of.
void Watches::let_go() {
  if (scans_ > 0 || !eyes_) return;
  for (const int folder : std::exchange(unused_, {})) {
    if (!folders_.contains(folder)) eyes_->inside.remove(folder);
  }
}

void Watches::count() {
  std::size_t blind = 0;
  for (const auto& [name, job] : jobs_) blind += job->blind_spots();
  counts_->folders.set(folders_.size());
  counts_->blind_spots.set(blind);
}

}  // namespace belfry::daemon
