// Inotify: one inotify(7) instance on the loop. The only user of that interface in the program.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "io/fd.hpp"
#include "io/fd_watcher.hpp"

namespace belfry::io {

/// Made, awaited and read on the loop's thread, and destroyed there before the loop ends. add() and remove(): any
/// thread.
class Inotify {
 public:
  struct Event {
    int watch = 0;  ///< -1 for IN_Q_OVERFLOW
    std::uint32_t mask = 0;
    std::string_view name;  ///< in a folder; empty: the file or folder itself
  };

  /// Throws IoError: EMFILE when the user has too many instances (fs.inotify.max_user_instances).
  Inotify();

  /// Watches a path for the events of `mask` (IN_...), or does it with this mask from now on. The number of the watch,
  /// which is that of the file: other paths to it have the same; or the errno, negative: ENOSPC when the user has too
  /// many (fs.inotify.max_user_watches). Blocks as a look-up does.
  int add(const std::string& path, std::uint32_t mask) const noexcept;
  /// Its number is not given again. A watch that has ended by itself is no harm.
  void remove(int watch) const noexcept;

  /// `co_await inotify.readable()`: until there is an event. As FdWatcher::readable().
  FdWatcher::Ready readable() { return watcher_.readable(); }

  /// Takes what one read gives, 16 KiB: whoever floods a folder must not hold the loop. False: there was nothing.
  bool take(const std::function<void(const Event&)>& each) const;

 private:
  Fd fd_;
  FdWatcher watcher_;
};

/// What to do about an error of the above, for people.
std::string inotify_advice(int error);

}  // namespace belfry::io
