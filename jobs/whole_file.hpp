// Small files that a run needs whole. Loop thread.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "async/task.hpp"

namespace belfry::jobs {

/// How large a file may be, and what is said of a larger one.
struct FileLimit {
  std::size_t bytes = 0;
  std::string_view problem;  ///< "more than 1M, which is no file of variables"
};

/// All of an ordinary file (a FIFO is refused, not waited for). The error is "PATH: what is wrong". Throws io::IoError.
/// Cancellation: as for io::fs.
async::Task<std::expected<std::string, std::string>> read_whole_file(std::string path, FileLimit limit);

}  // namespace belfry::jobs
