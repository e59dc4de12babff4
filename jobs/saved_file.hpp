// SavedFile: what a run saves piece by piece; the target is replaced as a whole at its end. The sibling of AtomicFile
// on the loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "io/fs.hpp"

namespace belfry::jobs {

/// Loop thread. Every member throws io::IoError; cancellation as for io::fs. Whoever does not commit() must discard().
class SavedFile {
 public:
  /// A temporary file in the folder of `target`. Throws check_target()'s error, too.
  static async::Task<SavedFile> beside(std::string target, async::ThreadPool& pool);

  /// Appends.
  async::Task<> write(std::string bytes);

  /// fsync, and a rename to the target, whose mode stays; a new one has 0644. Throws check_target()'s error, too.
  async::Task<> commit(async::ThreadPool& pool);

  /// Removes the temporary file, whatever happens; waits for it even when the caller is cancelled.
  async::Task<> discard();

 private:
  SavedFile(std::string target, io::fs::File file) : target_(std::move(target)), file_(std::move(file)) {}

  std::string target_;
  io::fs::File file_;
  std::uint64_t size_ = 0;
};

/// The whole of a regular file of at most `most` bytes. Throws io::IoError: "cannot <doing> what is no regular file:
/// PATH". Cancellation as for io::fs. Loop thread.
async::Task<std::string> read_regular_file(std::string path, std::size_t most, std::string doing);

}  // namespace belfry::jobs
