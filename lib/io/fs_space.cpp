// statvfs on libuv's pool. Not uv_fs_statfs: it counts in f_bsize, which is not the unit of the blocks on a FUSE.

#include <sys/statvfs.h>
#include <uv.h>

#include <cerrno>
#include <set>
#include <utility>

#include "async/waiter.hpp"
#include "io/external_work.hpp"
#include "io/fs.hpp"

namespace belfry::io::fs {

namespace {

class SpaceCall;

/// On the heap: it outlives a wait that was given up.
struct Measure {
  uv_work_t request{};
  std::string path;
  struct statvfs result{};
  int error = 0;
  SpaceCall* waiter = nullptr;  ///< null: nobody waits any more
  ExternalWork work;
};

/// Paths whose call was let go of and has not come back. Of the loop's thread.
std::set<std::string>& stuck_paths() {
  static thread_local std::set<std::string> paths;
  return paths;
}

class SpaceCall final : public async::Waiter {
 public:
  explicit SpaceCall(std::string path) : Waiter("measure the free space"), path_(std::move(path)) {}
  ~SpaceCall() override {
    if (waiting()) let_go();
  }

  struct statvfs await_resume() const {
    finish();
    if (error_ != 0) throw IoError(error_, "measure the free space of", path_);
    return result_;
  }

 private:
  bool start() override {
    if (stuck_paths().contains(path_)) {
      error_ = ETIMEDOUT;
      return false;
    }
    measure_ = new Measure{.path = path_, .waiter = this, .work = {}};
    measure_->request.data = measure_;
    error_ = -uv_queue_work(loop().uv(), &measure_->request, &SpaceCall::work, &SpaceCall::done);
    if (error_ == 0) return true;
    delete std::exchange(measure_, nullptr);
    return false;
  }

  bool abandon() noexcept override {
    let_go();
    return true;
  }

  void let_go() noexcept {
    Measure* const measure = std::exchange(measure_, nullptr);
    if (measure == nullptr) return;
    measure->waiter = nullptr;
    if (uv_cancel(reinterpret_cast<uv_req_t*>(&measure->request)) != 0) stuck_paths().insert(path_);
  }

  static void work(uv_work_t* request) {
    auto& measure = *static_cast<Measure*>(request->data);
    if (::statvfs(measure.path.c_str(), &measure.result) != 0) measure.error = errno;
  }

  static void done(uv_work_t* request, int /*status*/) {
    auto* const measure = static_cast<Measure*>(request->data);
    if (SpaceCall* const waiter = measure->waiter) {
      waiter->result_ = measure->result;
      waiter->error_ = measure->error;
      waiter->measure_ = nullptr;
      waiter->complete();
    } else {
      stuck_paths().erase(measure->path);
    }
    delete measure;
  }

  std::string path_;
  Measure* measure_ = nullptr;
  struct statvfs result_{};
  int error_ = 0;
};

}  // namespace

async::Task<Space> space(std::string path) {
  SpaceCall call(std::move(path));
  const struct statvfs found = co_await call;
  const std::uint64_t unit = found.f_frsize;
  co_return Space{.total = found.f_blocks * unit, .free = found.f_bfree * unit, .available = found.f_bavail * unit};
}

}  // namespace belfry::io::fs
