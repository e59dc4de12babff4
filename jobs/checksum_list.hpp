// Lists of SHA-256 sums in the format of sha256sum(1): written and verified. Blocking: for a thread pool.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace belfry::jobs {

struct ChecksumList {
  std::string output;
  std::string relative_to;  ///< names are written without this folder, where they are below it; empty: as they are
  bool sync = true;
};

/// Writes the sums of the files to `list.output`, replaced as a whole, which `sha256sum --check` accepts; a list cannot
/// hold its own sum. Returns a sentence. Where there is no file it leaves the output as it is, and says so.
std::string write_checksums(const std::stop_token& stop, std::vector<std::string> files, const ChecksumList& list);

struct Verified {
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;    ///< another content, gone, or unreadable
  std::string first_wrong{};  ///< and why
  std::uint64_t bytes = 0;
};

/// Compares the files of a list with their sums; relative names start at `base`. `say` is called with a line as
/// sha256sum prints it for each file that is wrong. Throws std::runtime_error with file and line for what is no such
/// list, or an empty one.
Verified verify_checksums(const std::stop_token& stop, const std::string& list, const std::string& base,
                          const std::function<void(std::string_view)>& say);

}  // namespace belfry::jobs
