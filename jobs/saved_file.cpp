#include "jobs/saved_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "async/cancel.hpp"
#include "io/io_error.hpp"
#include "jobs/atomic_file.hpp"
#include "jobs/parameters.hpp"

namespace belfry::jobs {

namespace fs = io::fs;

namespace {

constexpr auto cleanup_grace = std::chrono::seconds(30);

async::Task<> remove_if_there(std::string path) {
  try {
    co_await fs::unlink(std::move(path));
  } catch (const io::IoError&) {  // the first error says more
  }
}

}  // namespace

async::Task<SavedFile> SavedFile::beside(std::string target, async::ThreadPool& pool) {
  co_await pool.run([target] { check_target(target); });
  fs::File file = co_await fs::File::temporary(target);
  co_return SavedFile(std::move(target), std::move(file));
}

async::Task<> SavedFile::write(std::string bytes) {
  const std::uint64_t size = bytes.size();
  co_await file_.write(std::move(bytes), size_);
  size_ += size;
}

async::Task<> SavedFile::commit(async::ThreadPool& pool) {
  const mode_t mode = co_await pool.run([target = target_] {
    check_target(target);
    struct ::stat status{};
    return ::stat(target.c_str(), &status) == 0 ? status.st_mode & 07777U : mode_t{0644};
  });
  co_await file_.set_mode(mode);
  co_await file_.sync();
  co_await file_.close();
  co_await fs::rename(file_.path(), target_);
  co_await fs::sync_folder(folder_of(target_));
}

async::Task<> SavedFile::discard() { co_await async::shielded(remove_if_there(file_.path()), cleanup_grace); }

async::Task<std::string> read_regular_file(std::string path, std::size_t most, std::string doing) {
  fs::File file = co_await fs::File::open(path, O_RDONLY | O_NONBLOCK);  // a FIFO must not hold a thread for ever
  const auto stat = co_await file.stat();
  const std::string too_large = doing + " more than " + format_size(most) + ":";
  if (stat.type != fs::FileType::regular) throw io::IoError(EINVAL, doing + " what is no regular file:", path);
  if (stat.size > most) throw io::IoError(EFBIG, too_large, path);
  std::string text;
  while (text.size() <= most) {
    const std::string piece = co_await file.read(text.size(), std::size_t{1} << 20U);
    if (piece.empty()) co_return text;
    text += piece;
  }
  throw io::IoError(EFBIG, too_large, path);
}

}  // namespace belfry::jobs
