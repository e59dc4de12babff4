#include "io/fs.hpp"

#include <utility>

#include "io/fs_call.hpp"
#include "io/fs_stat.hpp"

namespace belfry::io::fs {

namespace {

uv_buf_t buffer_of(std::string& bytes, std::size_t from = 0) {
  return uv_buf_init(bytes.data() + from, static_cast<unsigned>(bytes.size() - from));
}

double seconds(FileTime time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

}  // namespace

async::Task<File> File::open(std::string path, int flags, mode_t mode) {
  Begin begin = [&path, flags, mode](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_open(loop, &call.request, path.c_str(), flags | O_CLOEXEC, static_cast<int>(mode), done);
  };
  const auto call = co_await perform("open", path, std::move(begin));
  co_return File(Fd(static_cast<int>(call->request.result)), std::move(path));
}

async::Task<File> File::temporary(std::string beside) {
  const std::string pattern = beside + ".belfry-XXXXXX";
  Begin begin = [&pattern](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_mkstemp(loop, &call.request, pattern.c_str(), done);
  };
  const auto call = co_await perform("create a file beside", beside, std::move(begin));
  co_return File(Fd(static_cast<int>(call->request.result)), call->request.path);
}

async::Task<Stat> File::stat() {
  Begin begin = [this](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_fstat(loop, &call.request, fd_.get(), done);
  };
  const auto call = co_await perform("stat", path_, std::move(begin));
  co_return to_stat(call->request.statbuf);
}

async::Task<std::string> File::read(std::uint64_t offset, std::size_t limit) {
  Begin begin = [this, offset, limit](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    call.bytes.resize(limit);
    const uv_buf_t buffer = buffer_of(call.bytes);
    return uv_fs_read(loop, &call.request, fd_.get(), &buffer, 1, static_cast<std::int64_t>(offset), done);
  };
  const auto call = co_await perform("read", path_, std::move(begin));
  call->bytes.resize(static_cast<std::size_t>(call->request.result));
  co_return std::move(call->bytes);
}

async::Task<> File::write(std::string bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    Begin begin = [this, offset, &bytes](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
      call.bytes = std::move(bytes);
      const uv_buf_t buffer = buffer_of(call.bytes);
      return uv_fs_write(loop, &call.request, fd_.get(), &buffer, 1, static_cast<std::int64_t>(offset), done);
    };
    const auto call = co_await perform("write", path_, std::move(begin));
    const auto written = static_cast<std::size_t>(call->request.result);
    offset += written;
    bytes = call->bytes.substr(written);
  }
}

async::Task<std::uint64_t> File::append_from(File& from, std::uint64_t offset, std::uint64_t length) {
  Begin begin = [this, &from, offset, length](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_sendfile(loop, &call.request, fd_.get(), from.fd_.get(), static_cast<std::int64_t>(offset), length,
                          done);
  };
  const auto call = co_await perform("write", path_, std::move(begin));
  co_return static_cast<std::uint64_t>(call->request.result);
}

async::Task<> File::sync() {
  Begin begin = [this](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_fsync(loop, &call.request, fd_.get(), done);
  };
  co_await perform("fsync", path_, std::move(begin));
}

async::Task<> File::set_mode(mode_t mode) {
  Begin begin = [this, mode](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_fchmod(loop, &call.request, fd_.get(), static_cast<int>(mode), done);
  };
  co_await perform("chmod", path_, std::move(begin));
}

async::Task<> File::set_owner(uid_t owner, gid_t group) {
  Begin begin = [this, owner, group](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_fchown(loop, &call.request, fd_.get(), owner, group, done);
  };
  co_await perform("chown", path_, std::move(begin));
}

async::Task<> File::set_times(FileTime accessed, FileTime modified) {
  Begin begin = [this, accessed, modified](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_futime(loop, &call.request, fd_.get(), seconds(accessed), seconds(modified), done);
  };
  co_await perform("set the times of", path_, std::move(begin));
}

async::Task<> File::close() {
  Begin begin = [this](uv_loop_t* loop, CallState& call, uv_fs_cb done) {
    return uv_fs_close(loop, &call.request, fd_.release(), done);
  };
  co_await perform("close", path_, std::move(begin));
}

}  // namespace belfry::io::fs
