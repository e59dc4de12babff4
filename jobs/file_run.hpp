// FileRun: what the work of a `file` job is given while it runs on a thread of the pool. Private to the file_*.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "io/fs.hpp"
#include "io/head_tail_buffer.hpp"
#include "jobs/action_kind.hpp"
#include "jobs/file_progress.hpp"
#include "jobs/tree_walk.hpp"

namespace belfry::jobs {

/// One thread at a time.
class FileRun {
 public:
  FileRun(const std::stop_token& stop, io::fs::FileTime now, io::HeadTailBuffer& output, FileProgress& progress)
      : stop_(stop), now_(now), output_(output), progress_(progress) {}

  const std::stop_token& stop() const noexcept { return stop_; }
  /// Throws io::IoError (ECANCELED) when the run is cancelled: call it between two files or pieces.
  void check() const;
  /// The same as something to hand on.
  std::function<void()> checker() const {
    return [this] { check(); };
  }
  io::fs::FileTime now() const noexcept { return now_; }
  /// A line of the run's output.
  void say(std::string_view line);
  FileProgress& progress() const noexcept { return progress_; }

 private:
  const std::stop_token& stop_;
  io::fs::FileTime now_;
  io::HeadTailBuffer& output_;
  FileProgress& progress_;
};

/// Does it, and returns the sentence for the ledger; an exception is a failure with its message.
using FileWork = std::function<std::string(FileRun& run)>;

/// The action of a form.
ActionPointer file_action(std::string_view form, FileWork work, const ActionContext& context);

/// What all forms that change files take.
struct FileOptions {
  Excludes exclude;
  bool dry_run = false;
  bool fsync = true;
};
/// REQUIRES: the form has them; without `with_fsync`, it has no fsync.
FileOptions read_options(ParameterReader& reader, bool with_fsync = true);

/// The parameters of FileOptions and others that several forms have.
extern const ParameterInfo exclude_parameter;
extern const ParameterInfo dry_run_parameter;
extern const ParameterInfo fsync_parameter;
extern const ParameterInfo paths_parameter;

/// Globs or paths, absolute below the working folder; complains of what cannot be meant.
std::vector<PathPattern> read_patterns(ParameterReader& reader, std::string_view key, const ActionContext& context);
/// The same where it is about removing: patterns whose first wildcard is directly in "/" are refused.
std::vector<PathPattern> read_doomed(ParameterReader& reader, std::string_view key, const ActionContext& context);
/// One path without wildcards, absolute; a slash at its end is kept: it says "folder".
std::string read_path(ParameterReader& reader, std::string_view key, const ActionContext& context);
/// Permissions such as 0640.
mode_t read_mode(ParameterReader& reader, std::string_view key, mode_t fallback);

/// What is to be done with how many files and bytes.
struct Tally {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;

  void add(std::uint64_t size) {
    ++files;
    bytes += size;
  }
  /// "3 files, 12.4 MiB".
  std::string text() const;
};

/// "1 file", "3 files".
std::string count_files(std::uint64_t count);

/// A path below a folder.
std::string joined(const std::string& folder, const std::string& relative);

}  // namespace belfry::jobs
