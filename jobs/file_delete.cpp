#include <cerrno>
#include <optional>
#include <utility>

#include "async/loop.hpp"
#include "io/glob.hpp"
#include "jobs/atomic_file.hpp"
#include "jobs/file_steps.hpp"

namespace belfry::jobs {

namespace fs = io::fs;

namespace {

struct Tally {
  std::size_t files = 0;
  std::uint64_t bytes = 0;
};

async::Task<std::optional<fs::Stat>> stat_if_there(std::string path) {
  try {
    const auto stat = co_await fs::lstat(std::move(path));
    co_return stat;
  } catch (const io::IoError& error) {
    if (error.code().value() != ENOENT && error.code().value() != ENOTDIR) throw;
  }
  co_return std::nullopt;
}

/// A folder along the way may have become a link since it was listed: what is removed must still lie below the base.
async::Task<> check_inside(std::string base, std::string path) {
  std::string real_base = co_await fs::real_path(std::move(base));
  std::string real_folder = co_await fs::real_path(folder_of(path));
  if (real_folder != real_base && !real_folder.starts_with(real_base + "/")) {
    throw io::IoError(ELOOP, "remove what a link leads out of its folder:", std::move(path));
  }
}

async::Task<> delete_match(const io::GlobMatch& match, const std::string& base, fs::FileTime newest, Tally& tally) {
  const auto stat = co_await stat_if_there(match.path);
  if (!stat || stat->type == fs::FileType::folder || stat->modified > newest) co_return;
  co_await check_inside(base, match.path);
  co_await fs::unlink(match.path);
  ++tally.files;
  tally.bytes += stat->size;
}

}  // namespace

async::Task<std::string> delete_files(const DeleteSpec& spec) {
  const fs::FileTime newest = async::Loop::current().wall_now() - spec.min_age;
  Tally tally;
  for (const auto& pattern : spec.paths) {
    const std::string base = io::split_glob(pattern).base;
    const auto matches = co_await io::glob(pattern);
    if (!io::has_wildcards(pattern) && !matches.empty() && matches.front().type == fs::FileType::folder) {
      throw io::IoError(EISDIR, "remove", pattern + " (name its files: " + pattern + "/*)");
    }
    for (const auto& match : matches) {
      co_await delete_match(match, base, spec.min_age.count() > 0 ? newest : fs::FileTime::max(), tally);
    }
  }
  if (tally.files == 0) co_return "nothing to delete";
  co_return "deleted " + count_files(tally.files) + ", " + format_size(tally.bytes);
}

}  // namespace belfry::jobs
