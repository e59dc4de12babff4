#include "jobs/whole_file.hpp"

#include <fcntl.h>

#include "io/fs.hpp"

namespace belfry::jobs {

async::Task<std::expected<std::string, std::string>> read_whole_file(std::string path, FileLimit limit) {
  io::fs::File file = co_await io::fs::File::open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  const io::fs::Stat about = co_await file.stat();
  if (about.type != io::fs::FileType::regular) co_return std::unexpected(path + ": this is no ordinary file");
  std::string text;
  while (text.size() <= limit.bytes) {
    const std::string piece = co_await file.read(text.size(), std::size_t{64} << 10U);
    if (piece.empty()) break;
    text += piece;
  }
  co_await file.close();
  if (text.size() > limit.bytes) co_return std::unexpected(path + ": " + std::string(limit.problem));
  co_return text;
}

}  // namespace belfry::jobs
