// Compresses a file into another one, on the calling thread: for a thread pool, never for the loop's thread.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "jobs/folder.hpp"

namespace belfry::jobs {

enum class Compression : std::uint8_t { none, gzip, zstd };

/// What a compressed file's name ends with: "", ".gz", ".zst".
std::string_view extension(Compression compression) noexcept;

/// The range and the default of the level: gzip 1 to 9 (6), zstd 1 to 19 (3: 700 MB/s, eight times as small on logs).
struct LevelRange {
  int least = 0;
  int most = 0;
  int fallback = 0;
};
LevelRange levels(Compression compression) noexcept;

struct Compressed {
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

/// Writes `source` compressed to `target`: under a temporary name beside it, then fsync, rename, fsync of the folder;
/// so `target` is whole or absent, whatever happens. Owner, mode and times are those of the source (the owner only as
/// far as this process may set it). An existing target is replaced; `source` stays. Follows no symbolic link. Throws
/// io::IoError naming the file and the operation; when `stop` is requested it stops with ECANCELED.
Compressed compress_file(const std::stop_token& stop, const std::string& source, const std::string& target,
                         Compression compression, int level);
/// The same of names in a folder.
Compressed compress_file(const std::stop_token& stop, const Folder& folder, const std::string& source,
                         const std::string& target, Compression compression, int level);

}  // namespace belfry::jobs
