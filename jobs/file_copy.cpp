#include <cerrno>
#include <exception>
#include <map>
#include <stdexcept>
#include <utility>

#include "async/cancel.hpp"
#include "io/glob.hpp"
#include "jobs/atomic_file.hpp"
#include "jobs/file_steps.hpp"

namespace belfry::jobs {

namespace fs = io::fs;

namespace {

constexpr std::uint64_t piece_size = 8U << 20U;
constexpr auto cleanup_grace = std::chrono::seconds(30);

struct Transfer {
  std::string from;
  std::string to;
};

async::Task<bool> is_folder(std::string path) {
  try {
    const auto stat = co_await fs::stat(std::move(path));
    co_return stat.type == fs::FileType::folder;
  } catch (const io::IoError& error) {
    if (error.code().value() != ENOENT && error.code().value() != ENOTDIR) throw;
  }
  co_return false;
}

/// As check_target(), off the loop's thread.
async::Task<> check_replaceable(std::string target) {
  fs::FileType type = fs::FileType::regular;
  try {
    const auto stat = co_await fs::stat(target);
    type = stat.type;
  } catch (const io::IoError& error) {
    if (error.code().value() != ENOENT && error.code().value() != ENOTDIR) throw;
  }
  if (type != fs::FileType::regular) {
    throw std::runtime_error(refused_target(target, type == fs::FileType::folder));
  }
}

std::string inside(const std::string& folder, const std::string& relative) {
  return folder.ends_with('/') ? folder + relative : folder + "/" + relative;
}

/// Two sources of one name would replace each other; a source that several patterns name counts once.
std::vector<Transfer> without_clashes(std::vector<Transfer> transfers) {
  std::map<std::string, std::string> source_of;
  std::vector<Transfer> result;
  for (auto& transfer : transfers) {
    const auto [first, is_new] = source_of.try_emplace(transfer.to, transfer.from);
    if (!is_new && first->second == transfer.from) continue;
    if (!is_new) {
      throw std::runtime_error(first->second + " and " + transfer.from + " have the same target " + transfer.to +
                               ": nothing was done; give each of them its own folder");
    }
    result.push_back(std::move(transfer));
  }
  return result;
}

/// What goes where. Literal names must exist; links and folders are passed over where a glob found them. Throws before
/// anything is touched if a target must not be replaced or has several sources.
async::Task<std::vector<Transfer>> plan(const std::vector<std::string>& from, const std::string& to) {
  bool into_folder = from.size() > 1 || to.ends_with('/') || io::has_wildcards(from.front());
  if (!into_folder) into_folder = co_await is_folder(to);
  std::vector<Transfer> transfers;
  for (const auto& pattern : from) {
    const auto matches = co_await io::glob(pattern);
    if (matches.empty() && !io::has_wildcards(pattern)) throw io::IoError(ENOENT, "find", pattern);
    for (const auto& match : matches) {
      if (io::has_wildcards(pattern) && match.type != fs::FileType::regular) continue;
      transfers.push_back({match.path, into_folder ? inside(to, match.relative) : to});
    }
  }
  transfers = without_clashes(std::move(transfers));
  for (const auto& transfer : transfers) co_await check_replaceable(transfer.to);
  co_return transfers;
}

/// Content and attributes, durable.
async::Task<std::uint64_t> fill(fs::File& in, fs::File& out, const fs::Stat& like) {
  std::uint64_t offset = 0;
  while (true) {
    const std::uint64_t copied = co_await out.append_from(in, offset, piece_size);
    if (copied == 0) break;
    offset += copied;
  }
  try {
    co_await out.set_owner(like.owner, like.group);
  } catch (const io::IoError& error) {
    if (error.code().value() != EPERM) throw;  // only root may give files away
  }
  co_await out.set_mode(like.mode);
  co_await out.set_times(like.accessed, like.modified);
  co_await out.sync();
  co_await out.close();
  co_return offset;
}

/// Unlike rename, link fails with EEXIST, and no one can come between.
async::Task<> place_new(std::string temporary, std::string to) {
  try {
    co_await fs::link(std::move(temporary), to);
  } catch (const io::IoError& error) {
    if (error.code().value() != EEXIST) throw;
    throw std::runtime_error("the target " + to + " exists, and overwrite is false");
  }
}

async::Task<> put_into_place(std::string temporary, std::string to, bool overwrite) {
  co_await check_replaceable(to);  // once more: copying may have taken long
  if (overwrite) {
    co_await fs::rename(std::move(temporary), std::move(to));
  } else {
    co_await place_new(temporary, std::move(to));
    co_await fs::unlink(std::move(temporary));
  }
}

async::Task<std::uint64_t> fill_and_place(fs::File& in, fs::File& out, std::string to, bool overwrite) {
  const auto like = co_await in.stat();
  if (like.type != fs::FileType::regular) throw io::IoError(EINVAL, "copy what is no regular file:", in.path());
  const auto size = co_await fill(in, out, like);
  co_await put_into_place(out.path(), to, overwrite);
  co_await fs::sync_folder(folder_of(to));
  co_return size;
}

async::Task<> remove_if_there(std::string path) {
  try {
    co_await fs::unlink(std::move(path));
  } catch (const io::IoError&) {  // it has its final name already, or the disk has failed: the first error says more
  }
}

/// Whether rename() did it; no: another file system.
async::Task<bool> renamed(const Transfer& transfer, bool overwrite) {
  try {
    co_await put_into_place(transfer.from, transfer.to, overwrite);
    co_return true;
  } catch (const io::IoError& error) {
    if (error.code().value() != EXDEV) throw;
  }
  co_return false;
}

async::Task<std::uint64_t> move_file(Transfer transfer, bool overwrite) {
  const auto before = co_await fs::lstat(transfer.from);
  const bool done = co_await renamed(transfer, overwrite);
  if (!done) {
    if (before.type != fs::FileType::regular) {
      throw io::IoError(EXDEV, "move to another file system what is no regular file:", transfer.from);
    }
    co_await copy_file(transfer.from, transfer.to, overwrite);
    co_await fs::unlink(transfer.from);
  }
  co_await fs::sync_folder(folder_of(transfer.to));
  co_await fs::sync_folder(folder_of(transfer.from));
  co_return before.size;
}

}  // namespace

async::Task<std::uint64_t> copy_file(std::string from, std::string to, bool overwrite) {
  fs::File in = co_await fs::File::open(from, O_RDONLY | O_NONBLOCK);  // a FIFO must not hold a thread for ever
  fs::File out = co_await fs::File::temporary(to);
  std::exception_ptr failed;
  std::uint64_t size = 0;
  try {
    size = co_await fill_and_place(in, out, to, overwrite);
  } catch (...) {
    failed = std::current_exception();
  }
  if (failed) {
    co_await async::shielded(remove_if_there(out.path()), cleanup_grace);
    std::rethrow_exception(failed);
  }
  co_return size;
}

std::string count_files(std::size_t count) { return std::to_string(count) + (count == 1 ? " file" : " files"); }

async::Task<std::string> copy_files(const CopySpec& spec) {
  const auto transfers = co_await plan(spec.from, spec.to);
  std::uint64_t bytes = 0;
  for (const auto& transfer : transfers) {
    co_await fs::make_folders(folder_of(transfer.to));
    bytes += co_await copy_file(transfer.from, transfer.to, spec.overwrite);
  }
  if (transfers.empty()) co_return "nothing to copy: no file matches";
  co_return "copied " + count_files(transfers.size()) + ", " + format_size(bytes);
}

async::Task<std::string> move_files(const MoveSpec& spec) {
  const auto transfers = co_await plan(spec.from, spec.to);
  std::uint64_t bytes = 0;
  for (const auto& transfer : transfers) {
    co_await fs::make_folders(folder_of(transfer.to));
    bytes += co_await move_file(transfer, spec.overwrite);
  }
  if (transfers.empty()) co_return "nothing to move: no file matches";
  co_return "moved " + count_files(transfers.size()) + ", " + format_size(bytes);
}

}  // namespace belfry::jobs
