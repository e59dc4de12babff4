// The bytes of a file into another one, by the cheapest way that the file systems know. Blocking: for a thread pool.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace belfry::jobs {

/// Fills the empty file `out` with what `in` holds: they share the blocks where the file system can (FICLONE); else the
/// kernel copies (copy_file_range), holes stay holes; else by read and write. `in_path` and `out_path` are for
/// messages. `reached` is called before each 8 MiB with where it is, and may throw. Returns the size. Throws
/// io::IoError.
std::uint64_t copy_content(int in, const std::string& in_path, int out, const std::string& out_path,
                           const std::function<void(std::uint64_t)>& reached);

}  // namespace belfry::jobs
