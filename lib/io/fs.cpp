#include "io/fs.hpp"

#include <cerrno>
#include <utility>

#include "io/fs_call.hpp"
#include "io/fs_stat.hpp"

namespace belfry::io::fs {

namespace {

FileType type_of(uv_dirent_type_t type) {
  switch (type) {
    case UV_DIRENT_FILE:
      return FileType::regular;
    case UV_DIRENT_DIR:
      return FileType::folder;
    case UV_DIRENT_LINK:
      return FileType::link;
    case UV_DIRENT_UNKNOWN:
      return FileType::unknown;
    default:
      return FileType::other;
  }
}

/// A call that gives nothing back, on one path.
template <class Function, class... Args>
async::Task<> simple(const char* operation, std::string path, Function function, Args... args) {
  Begin begin = [&path, function, args...](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return function(loop, &call.request, path.c_str(), args..., done);
  };
  co_await perform(operation, path, std::move(begin));
}

}  // namespace

async::Task<Stat> stat(std::string path) {
  Begin begin = [&path](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_stat(loop, &call.request, path.c_str(), done);
  };
  const auto call = co_await perform("stat", path, std::move(begin));
  co_return to_stat(call->request.statbuf);
}

async::Task<Stat> lstat(std::string path) {
  Begin begin = [&path](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_lstat(loop, &call.request, path.c_str(), done);
  };
  const auto call = co_await perform("stat", path, std::move(begin));
  co_return to_stat(call->request.statbuf);
}

async::Task<bool> exists(std::string path) {
  try {
    co_await lstat(std::move(path));
    co_return true;
  } catch (const IoError& error) {
    if (error.code().value() != ENOENT && error.code().value() != ENOTDIR) throw;
  }
  co_return false;
}

async::Task<std::vector<DirectoryEntry>> list(std::string folder) {
  Begin begin = [&folder](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_scandir(loop, &call.request, folder.c_str(), 0, done);
  };
  const auto call = co_await perform("list the folder", folder, std::move(begin));
  std::vector<DirectoryEntry> entries;
  uv_dirent_t entry;
  while (uv_fs_scandir_next(&call->request, &entry) == 0) entries.push_back({entry.name, type_of(entry.type)});
  co_return entries;
}

async::Task<std::string> real_path(std::string path) {
  Begin begin = [&path](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_realpath(loop, &call.request, path.c_str(), done);
  };
  const auto call = co_await perform("resolve", path, std::move(begin));
  co_return std::string(static_cast<const char*>(call->request.ptr));
}

async::Task<std::string> read_link(std::string path) {
  Begin begin = [&path](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_readlink(loop, &call.request, path.c_str(), done);
  };
  const auto call = co_await perform("read the link", path, std::move(begin));
  co_return std::string(static_cast<const char*>(call->request.ptr));
}

async::Task<> rename(std::string from, std::string to) {
  Begin begin = [&from, &to](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_rename(loop, &call.request, from.c_str(), to.c_str(), done);
  };
  co_await perform("rename", from + " to " + to, std::move(begin));
}

async::Task<> link(std::string from, std::string to) {
  Begin begin = [&from, &to](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_link(loop, &call.request, from.c_str(), to.c_str(), done);
  };
  co_await perform("link", from + " to " + to, std::move(begin));
}

async::Task<> symlink(std::string target, std::string path) {
  Begin begin = [&target, &path](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_symlink(loop, &call.request, target.c_str(), path.c_str(), 0, done);
  };
  co_await perform("make the link", path, std::move(begin));
}

async::Task<> unlink(std::string path) { return simple("remove", std::move(path), uv_fs_unlink); }

async::Task<> make_folder(std::string path, mode_t mode) {
  return simple("make the folder", std::move(path), uv_fs_mkdir, static_cast<int>(mode));
}

async::Task<> make_folders(std::string path, mode_t mode) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string prefix = path.substr(0, end);
    int error = 0;
    try {
      co_await make_folder(prefix, mode);
    } catch (const IoError& failed) {
      error = failed.code().value();
      if (error != EEXIST && error != EISDIR) throw;
    }
    if (end >= path.size()) {
      if (error == 0) co_return;
      const Stat last = co_await stat(prefix);
      if (last.type != FileType::folder) throw IoError(ENOTDIR, "make the folder", path);
      co_return;
    }
  }
}

async::Task<> remove_folder(std::string path) { return simple("remove the folder", std::move(path), uv_fs_rmdir); }

async::Task<> set_owner(std::string path, uid_t owner, gid_t group) {
  return simple("chown", std::move(path), uv_fs_lchown, owner, group);
}

async::Task<> sync_folder(std::string folder) {
  File opened = co_await File::open(folder, O_RDONLY | O_DIRECTORY);
  try {
    co_await opened.sync();
  } catch (const IoError& error) {
    if (error.code().value() != EINVAL) throw;  // some file systems know no fsync of a folder, and need none
  }
  co_await opened.close();
}

}  // namespace belfry::io::fs
