#include "jobs/file_content.hpp"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "io/io_error.hpp"

namespace belfry::jobs {

namespace {

constexpr off_t piece_size = off_t{8} << 20U;
constexpr std::size_t content_block = std::size_t{256} << 10U;

/// What a file system answers that does not know how, or not between these two files.
bool cannot(int error) {
  return error == EXDEV || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == ENOTTY ||
         error == EPERM || error == ETXTBSY;
}

class Copier {
 public:
  Copier(int in, const std::string& in_path, int out, const std::string& out_path,
         const std::function<void(std::uint64_t)>& reached)
      : in_(in), out_(out), in_path_(in_path), out_path_(out_path), reached_(reached) {}

  std::uint64_t copy() {
    struct ::stat status{};
    if (::fstat(in_, &status) != 0) throw io::IoError(errno, "stat", in_path_);
    reached_(0);
    // A size of 0 may be a file of /proc, which is not empty and knows nothing of ranges.
    if (status.st_size == 0) return by_blocks(0);
    if (::ioctl(out_, FICLONE, in_) == 0) return static_cast<std::uint64_t>(status.st_size);
    if (!cannot(errno)) throw io::IoError(errno, "write", out_path_);
    return by_ranges();
  }

 private:
  /// Data by data, so that holes stay holes; to the end of the file as it is then.
  std::uint64_t by_ranges() {
    off_t offset = 0;
    while (true) {
      const off_t data = ::lseek(in_, offset, SEEK_DATA);
      if (data < 0 && errno == ENXIO) break;
      if (data < 0 && errno == EINVAL) return by_blocks(offset);
      if (data < 0) throw io::IoError(errno, "read", in_path_);
      const off_t hole = ::lseek(in_, data, SEEK_HOLE);
      if (hole < 0) throw io::IoError(errno, "read", in_path_);
      offset = range(data, hole);
      if (offset < hole) break;  // it became shorter meanwhile
    }
    struct ::stat status{};
    if (::fstat(in_, &status) != 0) throw io::IoError(errno, "stat", in_path_);
    const off_t end = std::max(offset, status.st_size);
    if (::ftruncate(out_, end) != 0) throw io::IoError(errno, "write", out_path_);
    return static_cast<std::uint64_t>(end);
  }

  /// Where it came to.
  off_t range(off_t from, off_t to) {
    while (from < to && !without_ranges_) {
      reached_(static_cast<std::uint64_t>(from));
      off_t in_at = from;
      off_t out_at = from;
      const auto length = static_cast<std::size_t>(std::min(piece_size, to - from));
      const ssize_t copied = ::copy_file_range(in_, &in_at, out_, &out_at, length, 0);
      if (copied > 0) {
        from += copied;
      } else if (copied == 0) {
        return from;
      } else if (cannot(errno)) {
        without_ranges_ = true;
      } else if (errno != EINTR) {
        throw io::IoError(errno, "write", out_path_);
      }
    }
    return from < to ? static_cast<off_t>(blocks(from, to)) : from;
  }

  std::uint64_t by_blocks(off_t from) { return blocks(from, -1); }

  /// Up to `to`, or to the end (-1).
  std::uint64_t blocks(off_t from, off_t to) {
    std::vector<char> block(content_block);
    for (int count = 0; to < 0 || from < to; ++count) {
      if (count % (piece_size / static_cast<off_t>(content_block)) == 0) reached_(static_cast<std::uint64_t>(from));
      const auto wanted = to < 0 ? block.size() : std::min(block.size(), static_cast<std::size_t>(to - from));
      const ssize_t got = ::pread(in_, block.data(), wanted, from);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw io::IoError(errno, "read", in_path_);
      if (got == 0) break;
      write(block.data(), static_cast<std::size_t>(got), from);
      from += got;
    }
    return static_cast<std::uint64_t>(from);
  }

  void write(const char* bytes, std::size_t size, off_t at) const {
    while (size > 0) {
      const ssize_t written = ::pwrite(out_, bytes, size, at);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw io::IoError(errno, "write", out_path_);
      bytes += written;
      size -= static_cast<std::size_t>(written);
      at += written;
    }
  }

  int in_;
  int out_;
  const std::string& in_path_;
  const std::string& out_path_;
  const std::function<void(std::uint64_t)>& reached_;
  bool without_ranges_ = false;
};

}  // namespace

std::uint64_t copy_content(int in, const std::string& in_path, int out, const std::string& out_path,
                           const std::function<void(std::uint64_t)>& reached) {
  return Copier(in, in_path, out, out_path, reached).copy();
}

}  // namespace belfry::jobs
