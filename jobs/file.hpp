// file: copies, moves, deletes and rotates files, whole or not at all, off the loop's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "async/thread_pool.hpp"
#include "engine/action.hpp"
#include "jobs/compression.hpp"
#include "jobs/parameters.hpp"

namespace belfry::jobs {

/// Each file is copied to a temporary name, made durable (fsync) and then renamed, so a target is the old or the new
/// file and nothing between. Mode, owner (as far as permitted) and times are kept. Links named by a glob are passed
/// over.
struct CopySpec {
  std::vector<std::string> from;  ///< paths or globs (io/glob.hpp)
  std::string to;                 ///< a file; a folder if it is one, ends with '/', or `from` is a glob or several
  bool overwrite = true;          ///< false: an existing target is an error
};

/// As rename(2) where it can, else copy and remove.
struct MoveSpec {
  std::vector<std::string> from;
  std::string to;
  bool overwrite = true;
};

/// Removes files and links, never folders and never what a link points to.
struct DeleteSpec {
  std::vector<std::string> paths;      ///< a pattern of wildcards directly in "/" is refused
  std::chrono::nanoseconds min_age{};  ///< only what was last modified at least this long ago
};

/// FILE becomes FILE.1, FILE.1.zst becomes FILE.2.zst and so on; the oldest beyond `keep` are removed. Then FILE.1 is
/// compressed on the thread pool. Empty, missing and already rotated files are passed over.
struct RotateSpec {
  std::vector<std::string> paths;
  Compression compress = Compression::zstd;
  int keep = 7;                ///< 1 to 1,000
  std::uint64_t min_size = 0;  ///< only files of at least so many bytes
};

using FileSpec = std::variant<CopySpec, MoveSpec, DeleteSpec, RotateSpec>;

/// One operation as people and validation see it.
struct FileOperation {
  std::string_view name;  ///< "copy", "move", "delete", "rotate"
  std::string_view summary;
  std::span<const ParameterInfo> parameters;
};
std::span<const FileOperation> file_operations();

/// What file actions need: relative paths are meant in `working_dir` (absolute); compression runs on `pool`, which must
/// outlive the action's runs.
struct FileContext {
  async::ThreadPool& pool;
  std::string working_dir;
};

/// An action that does it. A run resumes on the loop, fails with a sentence that names the path and the operation, and
/// succeeds with one such as "rotated 3 files, 12.4 MiB to 1.1 MiB". Cancellation: between two steps, at most 8 MiB of
/// a copy later; no half-written target remains.
std::shared_ptr<const engine::Action> make_file(FileSpec spec, const FileContext& context);

/// The same from parameters as text; the error names the key, or "operation" for an unknown operation.
std::expected<std::shared_ptr<const engine::Action>, ParameterError> make_file(const std::string& operation,
                                                                               const ParameterMap& parameters,
                                                                               const FileContext& context);

}  // namespace belfry::jobs
