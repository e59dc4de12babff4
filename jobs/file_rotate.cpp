#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "io/glob.hpp"
#include "jobs/atomic_file.hpp"
#include "jobs/file_steps.hpp"

namespace belfry::jobs {

namespace fs = io::fs;

namespace {

// A generation may be uncompressed or of a former setting, so all of these are looked for.
constexpr std::array<std::string_view, 3> endings{"", ".zst", ".gz"};

/// "app.log.3.zst" is a generation of another file, not one to rotate: a number at its end, with or without an ending.
bool is_generation(std::string_view path) {
  for (const auto ending : {".zst", ".gz"}) {
    if (path.ends_with(ending)) path.remove_suffix(std::string_view(ending).size());
  }
  const auto dot = path.rfind('.');
  return dot != std::string_view::npos && dot + 1 < path.size() &&
         path.find_first_not_of("0123456789", dot + 1) == std::string_view::npos;
}

std::string generation(const std::string& path, int number, std::string_view ending) {
  return path + "." + std::to_string(number) + std::string(ending);
}

/// Makes room for a new first generation. From the oldest on, so that nothing is overwritten and an interruption leaves
/// a gap at most.
async::Task<> shift_generations(const std::string& path, int keep) {
  for (int number = keep; number >= 1; --number) {
    for (const auto ending : endings) {
      const std::string current = generation(path, number, ending);
      const bool there = co_await fs::exists(current);
      if (!there) continue;
      if (number == keep) {
        co_await fs::unlink(current);
      } else {
        co_await fs::rename(current, generation(path, number + 1, ending));
      }
    }
  }
}

async::Task<Compressed> rotate_one(std::string path, std::uint64_t size, const RotateSpec& spec,
                                   async::ThreadPool& pool) {
  co_await shift_generations(path, spec.keep);
  const std::string first = generation(path, 1, "");
  co_await fs::rename(path, first);
  co_await fs::sync_folder(folder_of(path));
  if (spec.compress == Compression::none) co_return Compressed{size, size};
  const std::string target = generation(path, 1, extension(spec.compress));
  const auto done = co_await pool.run(compress_file, first, target, spec.compress, levels(spec.compress).fallback);
  co_await fs::unlink(first);
  co_await fs::sync_folder(folder_of(path));
  co_return done;
}

/// The files that a pattern names and that are due.
async::Task<std::vector<std::pair<std::string, std::uint64_t>>> due_files(const std::string& pattern,
                                                                          std::uint64_t min_size) {
  std::vector<std::pair<std::string, std::uint64_t>> due;
  const auto matches = co_await io::glob(pattern);
  for (const auto& match : matches) {
    const bool literal = !io::has_wildcards(pattern);
    if (!literal && (match.type != fs::FileType::regular || is_generation(match.path))) continue;
    if (literal && match.type != fs::FileType::regular) {
      throw io::IoError(EINVAL, "rotate what is no regular file:", match.path);
    }
    const auto stat = co_await fs::lstat(match.path);
    if (stat.size > 0 && stat.size >= min_size) due.emplace_back(match.path, stat.size);
  }
  co_return due;
}

}  // namespace

async::Task<std::string> rotate_files(const RotateSpec& spec, async::ThreadPool& pool) {
  std::size_t files = 0;
  Compressed sum;
  for (const auto& pattern : spec.paths) {
    const auto due = co_await due_files(pattern, spec.min_size);
    for (const auto& [path, size] : due) {
      const auto done = co_await rotate_one(path, size, spec, pool);
      sum.bytes_in += done.bytes_in;
      sum.bytes_out += done.bytes_out;
      ++files;
    }
  }
  if (files == 0) co_return "nothing to rotate";
  std::string sentence = "rotated " + count_files(files) + ", " + format_size(sum.bytes_in);
  if (spec.compress != Compression::none) sentence += " to " + format_size(sum.bytes_out);
  co_return sentence;
}

}  // namespace belfry::jobs
