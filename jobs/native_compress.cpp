#include "jobs/native_compress.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "io/io_error.hpp"
#include "jobs/atomic_file.hpp"
#include "jobs/blocking_glob.hpp"
#include "jobs/compression.hpp"

namespace belfry::jobs {

namespace {

constexpr std::array<std::string_view, 2> compress_methods{"gzip", "zstd"};

struct CompressOrder {
  std::vector<std::string> paths;
  Compression method = Compression::zstd;
  int level = 0;
  bool keep = false;
};

struct Piece {
  std::string source;
  std::string target;
};

/// Throws before anything is touched if one of the targets exists: it may be all that is left of an older file.
std::vector<Piece> plan(const std::stop_token& stop, const CompressOrder& order) {
  std::vector<Piece> pieces;
  for (const auto& file : regular_files(stop, order.paths)) {
    if (file.ends_with(".gz") || file.ends_with(".zst")) continue;
    const std::string target = file + std::string(extension(order.method));
    struct ::stat status{};
    if (::lstat(target.c_str(), &status) == 0) {
      throw std::runtime_error("cannot compress " + file + ": " + target + " exists; move or remove one of the two");
    }
    pieces.push_back({file, target});
  }
  return pieces;
}

std::string compress_all(const std::stop_token& stop, const CompressOrder& order) {
  std::size_t count = 0;
  Compressed sum;
  for (const auto& [file, target] : plan(stop, order)) {
    const auto done = compress_file(stop, file, target, order.method, order.level);
    if (!order.keep && ::unlink(file.c_str()) != 0) throw io::IoError(errno, "remove", file);
    sum.bytes_in += done.bytes_in;
    sum.bytes_out += done.bytes_out;
    ++count;
  }
  if (count == 0) return "nothing to compress";
  return "compressed " + std::to_string(count) + (count == 1 ? " file, " : " files, ") + format_size(sum.bytes_in) +
         " to " + format_size(sum.bytes_out);
}

NativeCall bind(ParameterReader& reader) {
  CompressOrder order;
  order.paths = reader.list("paths");
  order.method = reader.choice("method") == 0 ? Compression::gzip : Compression::zstd;
  const auto range = levels(order.method);
  order.level = static_cast<int>(reader.integer("level", range.fallback, range.least, range.most));
  order.keep = reader.flag("keep");
  return [order](const std::stop_token& stop) { return compress_all(stop, order); };
}

}  // namespace

NativeFunction compress_function() {
  return {.name = "compress",
          .summary = "compresses files one by one into .gz or .zst beside them",
          .parameters = {{.name = "paths",
                          .type = ParameterType::path,
                          .value = "a path, a glob or a list of them",
                          .meaning = "the files; those that end in .gz or .zst are passed over",
                          .required = true,
                          .list = true},
                         {.name = "method",
                          .type = ParameterType::choice,
                          .fallback = "zstd",
                          .meaning = "how",
                          .choices = compress_methods},
                         {.name = "level",
                          .type = ParameterType::integer,
                          .value = "1 to 9 (gzip) or 1 to 19 (zstd)",
                          .fallback = "6 (gzip), 3 (zstd)",
                          .meaning = "how hard to try",
                          .least = 1,
                          .most = 19},
                         {.name = "keep",
                          .type = ParameterType::flag,
                          .fallback = "false",
                          .meaning = "whether the uncompressed file stays"}},
          .bind = bind};
}

}  // namespace belfry::jobs
