#include "daemon/config_watch.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "async/loop.hpp"
#include "async/timeout.hpp"

namespace belfry::daemon {
namespace {

std::string advice(int error) {
  const std::string first = io::inotify_advice(error);
  return first + (first.empty() ? "" : ", or ") + "reload by hand: belfry reload";
}

}  // namespace

async::Task<> ConfigWatch::serve() {
  refresh();
  for (;;) {
    if (!on_) {
      refreshed_.clear();
      co_await refreshed_.wait();
      continue;
    }
    async::CancelScope round;
    round_ = &round;
    co_await round.run(watch());
    round_ = nullptr;
  }
}

void ConfigWatch::refresh() {
  const bool on = parts_.reloader.watch_config();
  std::vector<std::filesystem::path> files = parts_.reloader.files();
  if (on == on_ && files == files_) return;
  on_ = on;
  files_ = std::move(files);
  refreshed_.set();
  if (round_ != nullptr) round_->cancel(async::CancelReason::replaced);
}

async::Task<> ConfigWatch::watch() {
  std::optional<io::FileWatch> files;
  try {
    files.emplace(parts_.pool);
  } catch (const io::IoError& error) {
    parts_.log.warning("the configuration is not watched: a change needs a reload by hand",
                       {{"reason", error.what()}, {"next", advice(error.code().value())}});
  }
  if (!files) {
    async::Event never;
    co_await never.wait();
  }
  co_await files->follow(files_);
  for (;;) {
    co_await settle(*files);
    warn_of_blind_spots(*files);
    co_await look(quiet_);  // also at first: it may have changed since it was read
    if (quiet_) co_await files->changed();
  }
}

/// Until nothing has happened for a while, or for too long something has.
async::Task<> ConfigWatch::settle(io::FileWatch& files) {
  const std::int64_t since = async::Loop::current().now_ns();
  do {
    const bool again = co_await async::move_on_after(quiet, files.changed());
    quiet_ = !again;
  } while (!quiet_ && async::Duration(async::Loop::current().now_ns() - since) < patience);
}

async::Task<> ConfigWatch::look(bool settled) {
  std::optional<ReloadReport> report = co_await parts_.reloader.reload_if_changed();
  if (report) {
    tell(*std::move(report), settled);
  } else if (settled && untold_) {
    parts_.say(*std::exchange(untold_, std::nullopt));
  }
}

/// What is bad while it is being written is told once; what it is in the end is told, too.
void ConfigWatch::tell(ReloadReport report, bool settled) {
  const bool bad = !report.errors.empty();
  const bool mute = bad && !settled && std::exchange(told_bad_, true);
  if (!bad) told_bad_ = false;
  untold_.reset();
  if (mute) {
    untold_ = std::move(report);
  } else {
    parts_.say(report);
  }
}

void ConfigWatch::warn_of_blind_spots(const io::FileWatch& files) {
  std::vector<std::string> now;
  for (const io::IoError& error : files.blind_spots()) {
    now.emplace_back(error.what());
    if (std::ranges::find(warned_, now.back()) != warned_.end()) continue;
    parts_.log.warning("a change of the configuration may be overlooked",
                       {{"reason", error.what()}, {"next", advice(error.code().value())}});
  }
  warned_ = std::move(now);
}

}  // namespace belfry::daemon
