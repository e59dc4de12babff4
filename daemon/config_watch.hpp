// Reloads by itself when the configuration changes on the disk: the key watch_config.
//
// Waits until the files are quiet, compares contents, and reloads only for other ones, so that a file which is written
// ten times a second is read once or twice a second, and the last content is the one in force.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "daemon/reload.hpp"
#include "io/file_watch.hpp"
#include "observe/log.hpp"

namespace belfry::daemon {

/// Loop thread only. Everything it refers to must outlive it.
class ConfigWatch {
 public:
  /// Files are settled when nothing has happened to them for so long,
  static constexpr async::Duration quiet = std::chrono::milliseconds{100};
  /// and are read all the same when they have not been for so long.
  static constexpr async::Duration patience = std::chrono::seconds{1};

  struct Parts {
    Reloader& reloader;
    async::ThreadPool& pool;
    observe::Log& log;
    /// Tells what a reload did.
    std::function<void(const ReloadReport&)> say;
  };

  explicit ConfigWatch(Parts parts) : parts_(std::move(parts)) {}

  /// Watches what the reloader has read, as long as its configuration says so. Ends by cancellation.
  async::Task<> serve();

  /// The reloader has read again: there may be other files to watch, or none any more.
  void refresh();

 private:
  async::Task<> watch();
  async::Task<> settle(io::FileWatch& files);
  async::Task<> look(bool settled);
  void tell(ReloadReport report, bool settled);
  void warn_of_blind_spots(const io::FileWatch& files);

  Parts parts_;
  bool on_ = false;
  std::vector<std::filesystem::path> files_;
  async::CancelScope* round_ = nullptr;  // of the files above, while they are watched
  async::Event refreshed_;
  bool quiet_ = true;                   // the last wait ended because nothing happened any more
  bool told_bad_ = false;               // that the files are bad was told, and they have not been good since
  std::optional<ReloadReport> untold_;  // they were bad again while they were being written
  std::vector<std::string> warned_;     // the blind spots that were told
};

}  // namespace belfry::daemon
