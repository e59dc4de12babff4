#include "io/file_watch.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <cerrno>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "async/thread_pool_call.hpp"

namespace belfry::io {

namespace {

/// As many as the kernel follows (path_resolution(7)).
constexpr int most_links = 40;

/// Of a folder: what a name in it stands for changes. Contents are watched on the file itself, so that a busy log
/// beside it wakes nobody.
constexpr std::uint32_t folder_events = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                                        IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW;

constexpr std::uint32_t file_events =
    IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW;

std::string joined(const std::string& folder, const std::string& name) {
  return folder == "/" ? "/" + name : folder + "/" + name;
}

std::string parent_of(const std::string& folder) {
  const auto slash = folder.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : folder.substr(0, slash);
}

}  // namespace

/// Goes the way to each file as the kernel does, link by link, and watches all that it passes. A folder is watched
/// before what is in it is looked at: what changes in between is an event, and then the way is gone again. On a thread
/// of the pool.
class FileWatch::Layer {
 public:
  explicit Layer(const Inotify& inotify) : inotify_(inotify) {}

  void go_to(const std::filesystem::path& file) {
    std::deque<std::string> rest;
    put_in_front(rest, file);
    std::string folder = "/";
    for (int links = 0; !rest.empty();) {
      const std::string name = std::move(rest.front());
      rest.pop_front();
      if (name.empty() || name == "." || name == "/") continue;
      if (name == "..") {
        folder = parent_of(folder);
        continue;
      }
      const int refused = watch_folder(folder, name);
      const std::string here = joined(folder, name);
      struct stat status{};
      const bool there = ::lstat(here.c_str(), &status) == 0;
      const bool a_folder = there && S_ISDIR(status.st_mode);
      if (refused != 0 && !a_folder) laid_.blind_spots.emplace_back(refused, "watch", folder);
      if (!there) return;
      if (S_ISLNK(status.st_mode)) {
        const auto target = target_of(here);
        if (!target || ++links > most_links) return;
        if (target->is_absolute()) folder = "/";
        put_in_front(rest, *target);
      } else if (a_folder) {
        folder = here;
      } else {
        watch_file(here);
        return;
      }
    }
  }

  /// Everything was laid: lets go of what only `before` watched.
  Laid finish(const std::vector<int>& before) {
    for (const int watch : before) {
      if (!laid_.watches.contains(watch)) inotify_.remove(watch);
    }
    return std::move(laid_);
  }

 private:
  static void put_in_front(std::deque<std::string>& rest, const std::filesystem::path& path) {
    std::vector<std::string> parts;
    for (const auto& part : path) parts.push_back(part.native());
    rest.insert(rest.begin(), parts.begin(), parts.end());
  }

  static std::optional<std::filesystem::path> target_of(const std::string& link) {
    std::error_code error;
    auto target = std::filesystem::read_symlink(link, error);
    return error ? std::nullopt : std::optional(std::move(target));
  }

  /// 0, or the errno.
  int watch_folder(const std::string& folder, const std::string& name) {
    const int watch = inotify_.add(folder, folder_events);
    if (watch < 0) return -watch;
    laid_.watches[watch].names.insert(name);
    return 0;
  }

  void watch_file(const std::string& file) {
    const int watch = inotify_.add(file, file_events);
    if (watch >= 0) {
      laid_.watches[watch].file = true;
    } else if (watch != -ENOENT && watch != -EACCES) {  // gone: its folder tells; unreadable: so does a change of that
      laid_.blind_spots.emplace_back(-watch, "watch", file);
    }
  }

  const Inotify& inotify_;
  Laid laid_;
};

FileWatch::FileWatch(async::ThreadPool& pool) : pool_(pool), inotify_() {}

async::Task<> FileWatch::follow(const std::vector<std::filesystem::path>& files) {
  files_.clear();
  for (const auto& file : files) files_.push_back(std::filesystem::absolute(file));
  co_await lay();
}

async::Task<> FileWatch::changed() {
  while (!stale_) {
    co_await inotify_.readable();
    if (take_events()) stale_ = true;
  }
  co_await lay();
}

async::Task<> FileWatch::lay() {
  stale_ = true;
  std::vector<int> before;
  for (const auto& [watch, watched] : watches_) before.push_back(watch);
  // Shared: of a look-up that was cancelled when it had begun, we must know what it has left in the kernel.
  const auto laid = std::make_shared<std::optional<Laid>>();
  auto go = [inotify = &inotify_, files = files_, before = std::move(before), laid] {
    Layer layer(*inotify);
    for (const auto& file : files) layer.go_to(file);
    *laid = layer.finish(before);
  };
  std::exception_ptr interrupted;
  try {
    co_await pool_.run(std::move(go));
  } catch (...) {
    interrupted = std::current_exception();
  }
  if (*laid) {
    watches_ = std::move((*laid)->watches);
    blind_spots_ = std::move((*laid)->blind_spots);
  }
  if (interrupted) std::rethrow_exception(interrupted);
  stale_ = false;
}

bool FileWatch::take_events() {
  bool ours = false;
  inotify_.take([&](const Inotify::Event& event) { ours = ours || concerns_us(event.watch, event.mask, event.name); });
  return ours;
}

bool FileWatch::concerns_us(int watch, std::uint32_t mask, std::string_view name) const {
  if ((mask & IN_Q_OVERFLOW) != 0) return true;
  const auto found = watches_.find(watch);
  if (found == watches_.end()) return false;  // of a watch that we let go of
  if (found->second.file || name.empty()) return true;
  return found->second.names.contains(name);
}

}  // namespace belfry::io
