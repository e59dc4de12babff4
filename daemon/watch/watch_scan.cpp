#include "daemon/watch/watch_scan.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "io/glob.hpp"
#include "io/io_error.hpp"
#include "jobs/folder.hpp"
#include "jobs/tree_walk.hpp"

namespace belfry::daemon {
namespace {

/// IN_MODIFY, too: what is written for an hour is not quiet for an hour. Attributes do not count.
constexpr std::uint32_t folder_events = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO |
                                        IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

constexpr std::size_t most_told = 10;

SeenFile seen(const struct ::stat& link, const struct ::stat& file) {
  const time::WallTime changed(std::chrono::seconds(link.st_ctim.tv_sec) +
                               std::chrono::nanoseconds(link.st_ctim.tv_nsec));
  return {.stamp = {.inode = file.st_ino,
                    .size = static_cast<std::uint64_t>(file.st_size),
                    .modified = jobs::modified_at(file)},
          .changed = changed};
}

std::optional<SeenFile> look(int folder, const char* name) {
  struct ::stat link{};
  if (::fstatat(folder, name, &link, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  struct ::stat file = link;
  if (S_ISLNK(link.st_mode) && ::fstatat(folder, name, &file, 0) != 0) return std::nullopt;
  if (!S_ISREG(file.st_mode)) return std::nullopt;
  return seen(link, file);
}

class Scanner {
 public:
  Scanner(const WatchedPaths& paths, std::size_t max_folders, const io::Inotify* inotify, const std::stop_token& stop)
      : paths_(paths), max_folders_(max_folders), inotify_(inotify), stop_(stop) {}

  void go(const jobs::PathPattern& pattern) {
    try {
      const auto base = jobs::Folder::open_if_there(pattern.base());
      if (base) through(pattern, *base, "", pattern.start(), 0);
    } catch (const io::IoError& error) {
      if (error.code().value() == ECANCELED) throw;
      tell({.reason = error.what(), .advice = io::inotify_advice(error.code().value())});
    }
  }

  WatchScan finish() && { return std::move(scan_); }

 private:
  // NOLINTNEXTLINE(misc-no-recursion): as deep as the tree, and no deeper than most_levels
  void through(const jobs::PathPattern& pattern, const jobs::Folder& folder, const std::string& relative,
               jobs::PathPattern::State state, int level) {
    if (stop_.stop_requested()) throw io::IoError(ECANCELED, "look into", folder.path());
    if (level > jobs::most_levels) throw io::IoError(ELOOP, "go deeper than 256 folders into", folder.path());
    if (++read_ > std::max(max_folders_, most_folders_read) * paths_.patterns().size()) return too_many_to_read();
    watch(pattern, folder, relative, state);
    std::vector<std::string> deeper;
    const auto take = [&](const char* name, unsigned char type) {
      const auto step = pattern.step(state, name);
      const bool may_enter = step.below != 0 && (type == DT_DIR || type == DT_UNKNOWN);
      if (!step.matches && !may_enter) return;
      if (may_enter && !paths_.excludes().leave_out(relative + name, name, true)) deeper.emplace_back(name);
      if (step.matches && type != DT_DIR && !paths_.excludes().leave_out(relative + name, name, false)) {
        note_file(folder, name);
      }
    };
    if (const std::string* const name = pattern.only_name(state)) {
      take(name->c_str(), DT_UNKNOWN);
    } else {
      folder.each(take);
    }
    for (const std::string& name : deeper) go_below(pattern, folder, relative, state, name, level);
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  void go_below(const jobs::PathPattern& pattern, const jobs::Folder& folder, const std::string& relative,
                jobs::PathPattern::State state, const std::string& name, int level) {
    try {
      const auto inner = folder.below(name);
      if (inner) through(pattern, *inner, relative + name + "/", pattern.step(state, name.c_str()).below, level + 1);
    } catch (const io::IoError& error) {
      if (error.code().value() == ECANCELED) throw;
      tell({.reason = error.what(), .advice = io::inotify_advice(error.code().value())});
    }
  }

  /// Before it is read: what comes in between is an event.
  void watch(const jobs::PathPattern& pattern, const jobs::Folder& folder, const std::string& relative,
             jobs::PathPattern::State state) {
    if (inotify_ == nullptr || out_of_watches_) return;
    // Another pattern may have led there. Only asked for a watch, the kernel would make one.
    if (scan_.folders.size() >= max_folders_ && !watched_.contains(folder.path())) return too_many_to_watch();
    // By the descriptor, so that it is the folder that is read, whatever its name stands for by now.
    const int number = inotify_->add("/proc/self/fd/" + std::to_string(folder.fd()), folder_events);
    if (number < 0) {
      out_of_watches_ = number == -ENOSPC;
      const std::string advice = io::inotify_advice(-number);
      tell({.reason = out_of_watches_ ? "the user has as many inotify watches as allowed; not watched: " +
                                            folder.path() + " and what comes behind it"
                                      : io::IoError(-number, "watch", folder.path()).what(),
            .advice = advice.empty() ? "" : advice + ", or watch fewer folders"});
      return;
    }
    watched_.insert(folder.path());
    scan_.folders.try_emplace(number, folder.path()).first->second.add(pattern, state, relative);
  }

  void too_many_to_watch() {
    if (std::exchange(told_watched_, true)) return;
    tell({.reason = "there are more than " + std::to_string(max_folders_) + " folders to watch",
          .advice = "raise max_folders of the job's watch, or exclude some"});
  }

  void too_many_to_read() {
    if (std::exchange(told_read_, true)) return;
    tell({.reason = "there are more than " + std::to_string(read_ - 1) + " folders to look into",
          .advice = "exclude some, or raise max_folders of the job's watch beyond that",
          .never_seen = true});
  }

  void note_file(const jobs::Folder& folder, const char* name) {
    if (scan_.files.size() >= most_watched_files) {
      if (!std::exchange(told_files_, true)) {
        tell({.reason = "more than " + std::to_string(most_watched_files) + " files match",
              .advice = "watch fewer of them: move away what is done with",
              .never_seen = true});
      }
      return;
    }
    if (const auto file = look(folder.fd(), name)) scan_.files.emplace(folder.path_of(name), *file);
  }

  void tell(BlindSpot spot) {
    if (scan_.blind_spots.size() < most_told) scan_.blind_spots.push_back(std::move(spot));
  }

  const WatchedPaths& paths_;
  std::size_t max_folders_;
  const io::Inotify* inotify_;
  const std::stop_token& stop_;
  std::size_t read_ = 0;
  std::set<std::string> watched_;  // their paths
  bool out_of_watches_ = false;
  bool told_watched_ = false;
  bool told_read_ = false;
  bool told_files_ = false;
  WatchScan scan_;
};

}  // namespace

WatchedPaths::WatchedPaths(const engine::Watch& watch) : excludes_(watch.exclude) {
  for (const std::string& path : watch.paths) {
    const bool names_a_folder = path.ends_with('/');
    const bool literal = !io::has_wildcards(path);
    if (!names_a_folder || !literal) patterns_.emplace_back(path);
    // A path without wildcards is a file, or a folder with files in it: whichever is there.
    if (literal) patterns_.emplace_back(path + (names_a_folder ? "*" : "/*"));
  }
}

std::vector<std::string> WatchedPaths::bases() const {
  std::vector<std::string> bases;
  bases.reserve(patterns_.size());
  for (const jobs::PathPattern& pattern : patterns_) bases.push_back(pattern.base());
  return bases;
}

void WatchedFolder::add(const jobs::PathPattern& pattern, jobs::PathPattern::State state, std::string relative) {
  follows_.push_back({.pattern = &pattern, .state = state, .relative = std::move(relative)});
}

bool WatchedFolder::takes_file(const jobs::Excludes& excludes, const char* name) const {
  return std::ranges::any_of(follows_, [&](const Follow& follow) {
    return follow.pattern->step(follow.state, name).matches && !excludes.leave_out(follow.relative + name, name, false);
  });
}

bool WatchedFolder::takes_folder(const jobs::Excludes& excludes, const char* name) const {
  return std::ranges::any_of(follows_, [&](const Follow& follow) {
    return follow.pattern->step(follow.state, name).below != 0 &&
           !excludes.leave_out(follow.relative + name, name, true);
  });
}

std::string WatchedFolder::path_of(std::string_view name) const {
  return path_ + (path_.ends_with('/') ? "" : "/") + std::string(name);
}

WatchScan scan_watch(const WatchedPaths& paths, std::size_t max_folders, const io::Inotify* inotify,
                     const std::stop_token& stop) {
  Scanner scanner(paths, max_folders, inotify, stop);
  for (const jobs::PathPattern& pattern : paths.patterns()) scanner.go(pattern);
  return std::move(scanner).finish();
}

std::optional<SeenFile> look_at_file(const std::string& path) { return look(AT_FDCWD, path.c_str()); }

}  // namespace belfry::daemon
