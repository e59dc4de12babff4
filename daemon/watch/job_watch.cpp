#include "daemon/watch/job_watch.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <exception>
#include <stop_token>
#include <utility>

#include "async/loop.hpp"
#include "async/timeout.hpp"

namespace belfry::daemon {
namespace {

Moment now() { return Moment(async::Loop::current().now_ns()); }

/// All files count, none, or those that changed since.
time::WallTime first_that_counts(engine::ExistingFiles existing, time::WallTime unanswered_since) {
  switch (existing) {
    case engine::ExistingFiles::run:
      return time::WallTime::min();
    case engine::ExistingFiles::ignore:
      return time::WallTime::max();
    case engine::ExistingFiles::newer:
      break;
  }
  return unanswered_since;
}

std::vector<std::optional<SeenFile>> look_at_files(const std::stop_token& stop, const std::vector<std::string>& paths) {
  std::vector<std::optional<SeenFile>> files;
  for (const std::string& path : paths) {
    if (stop.stop_requested()) break;
    files.push_back(look_at_file(path));
  }
  return files;
}

}  // namespace

JobWatch::JobWatch(std::string job, std::shared_ptr<const engine::Watch> watch, Parts parts)
    : job_(std::move(job)), watch_(std::move(watch)), parts_(parts), paths_(*watch_), batch_(*watch_) {}

async::Task<> JobWatch::serve() {
  struct Leaving {  // however it ends, nobody tells it anything any more
    JobWatch& self;
    ~Leaving() {
      self.parts_.index.scan_begins();
      self.parts_.index.scan_ended(self, std::exchange(self.folders_, {}), {});
    }
  } const leaving{*this};
  co_await scope_.run(watch_files());
}

async::Task<> JobWatch::watch_files() {
  for (;;) {
    if (wants_scan(now())) co_await scan();
    if (const auto next = batch_.next(); next && *next <= now()) co_await look();
    std::vector<std::string> files = batch_.take(now());
    const auto again = offers_.again_at();
    if (!files.empty() || (again && *again <= now())) fire(std::move(files));
    co_await wait();
  }
}

bool JobWatch::wants_scan(Moment at) const {
  if (all_may_differ_ && at >= not_before_) return true;
  return rescan_at_ && at >= *rescan_at_;
}

/// All files, and the folders to watch from now on.
async::Task<> JobWatch::scan() {
  all_may_differ_ = false;  // what happens from here on is seen by the scan, or is told again
  const Moment began = now();
  batch_.look_at_all_begins(began);
  parts_.index.scan_begins();
  WatchScan found;
  std::exception_ptr interrupted;
  std::string failed;
  try {
    found = co_await parts_.pool.run([this, inotify = parts_.index.inotify()](const std::stop_token& stop) {
      return scan_watch(paths_, watch_->max_folders, inotify, stop);
    });
  } catch (const async::Cancelled&) {
    interrupted = std::current_exception();
  } catch (const std::exception& error) {
    failed = error.what();
  }
  if (interrupted || !failed.empty()) {
    parts_.index.scan_ended(*this, folders_, folders_);
    if (interrupted) std::rethrow_exception(interrupted);
    batch_.look_at_all_failed();
    warn({{.reason = failed, .advice = "it is tried again in a minute"}});
    rescan_at_ = now() + blind_rescan;
    co_return;
  }
  parts_.index.scan_ended(*this, folders_, found.folders);
  folders_ = std::move(found.folders);
  if (std::exchange(begun_, true)) {
    batch_.saw_all(found.files, now());
  } else {
    batch_.begin(found.files, first_that_counts(watch_->existing, parts_.engine.unanswered_since(job_)), now());
  }
  const bool blind = !found.blind_spots.empty() || parts_.index.inotify() == nullptr;
  warn(found.blind_spots);
  not_before_ = now() + std::max(least_pause, 5 * (now() - began));
  rescan_at_.reset();
  if (watch_->rescan) rescan_at_ = now() + *watch_->rescan;
  if (blind) rescan_at_ = std::min(rescan_at_.value_or(Moment::max()), now() + blind_rescan);
}

/// The files of which something was heard, and those that must stay as they are for a while.
async::Task<> JobWatch::look() {
  std::vector<std::string> paths = batch_.look_begins(now());
  if (paths.empty()) co_return;
  std::vector<std::optional<SeenFile>> seen;
  try {
    seen = co_await parts_.pool.run(look_at_files, paths);
  } catch (const async::Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    warn({{.reason = error.what(), .advice = "all files are looked at in a minute"}});
    for (const std::string& path : paths) batch_.forget(path);
    rescan_at_ = now() + blind_rescan;
    co_return;
  }
  for (std::size_t i = 0; i < seen.size(); ++i) batch_.saw(paths[i], seen[i], now());
}

/// Until the next thing is due, or something is heard.
async::Task<> JobWatch::wait() {
  std::optional<Moment> next = batch_.next();
  const auto earlier = [&next](std::optional<Moment> at) {
    if (at) next = std::min(next.value_or(*at), *at);
  };
  earlier(offers_.again_at());
  earlier(rescan_at_);
  if (all_may_differ_) earlier(not_before_);
  auto news = [](async::Event& event) -> async::Task<> { co_await event.wait(); };
  if (!next) {
    co_await news_.wait();
  } else if (*next > now()) {
    co_await async::move_on_after(*next - now(), news(news_));
  }
  news_.clear();
}

void JobWatch::fire(std::vector<std::string> files) {
  auto all = offers_.gather(std::move(files));
  offering_ = true;
  const auto slot = parts_.engine.notice(job_, all);
  offering_ = false;
  offers_.offered(slot, std::move(all));
  for (const ledger::SlotClosed& closed : std::exchange(closed_, {})) offers_.closed(closed, now());
}

void JobWatch::warn(const std::vector<BlindSpot>& spots) {
  std::vector<std::string> told;
  for (const BlindSpot& spot : spots) {
    told.push_back(spot.reason);
    if (std::ranges::find(told_, spot.reason) != told_.end()) continue;
    parts_.log.warning(
        spot.never_seen ? "files are overlooked" : "files may be overlooked until they are looked for, once a minute",
        {{"job", job_}, {"reason", spot.reason}, {"next", spot.advice}});
  }
  told_ = std::move(told);
}

void JobWatch::heard(int folder, std::uint32_t mask, std::string_view name) {
  const auto found = folders_.find(folder);
  if (found == folders_.end()) return;
  const std::string file(name);
  if (name.empty()) {
    if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)) != 0) look_at_all();
  } else if ((mask & IN_ISDIR) != 0) {
    // One that came has files in it already, and one that went has taken them along.
    if (!found->second.takes_folder(paths_.excludes(), file.c_str())) return;
    batch_.heard_of_folder(now());
    look_at_all();
  } else if (found->second.takes_file(paths_.excludes(), file.c_str())) {
    if (!batch_.heard(found->second.path_of(name), now())) look_at_all();
    news_.set();
  }
}

void JobWatch::look_at_all() {
  all_may_differ_ = true;
  batch_.expect_look_at_all();
  news_.set();
}

void JobWatch::on(const ledger::SlotClosed& slot) {
  if (offering_) {
    closed_.push_back(slot);
    return;
  }
  offers_.closed(slot, now());
  news_.set();
}

void JobWatch::on(const ledger::RunEnded& /*run*/) {
  offers_.run_ended(now());
  news_.set();
}

void JobWatch::on(const ledger::PauseChanged& pause) {
  if (pause.paused) return;
  offers_.resumed(now());
  news_.set();
}

}  // namespace belfry::daemon
