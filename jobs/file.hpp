// file: copies, moves, deletes and rotates files, whole or not at all, off the loop's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "jobs/action_kind.hpp"
#include "jobs/compression.hpp"

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

/// The kind of action that does these, each a form of it. Compression runs on the context's pool; relative paths are
/// meant in its working directory.
ActionKind file_kind();

/// An action that does it. A run resumes on the loop, fails with a sentence that names the path and the operation, and
/// succeeds with one such as "rotated 3 files, 12.4 MiB to 1.1 MiB". Cancellation: between two steps, at most 8 MiB of
/// a copy later; no half-written target remains.
ActionPointer make_file(FileSpec spec, const ActionContext& context);

}  // namespace belfry::jobs
