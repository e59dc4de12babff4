// UvHandle: owns one libuv handle. The only place that calls uv_close.
//
// uv_close is asynchronous and the memory must outlive its callback, so a handle is never a member or a local: it lives
// on the heap, and the close callback frees it. For lib/async and lib/io only; loop thread only.
#pragma once

#include <uv.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

namespace belfry::async {

/// How many handles of each kind (uv_handle_type) are open, of all loops of the process. Any thread.
inline std::array<std::atomic<std::int64_t>, UV_HANDLE_TYPE_MAX> open_handles{};

/// Handle is uv_poll_t, uv_check_t, ... Initialise it with the uv_*_init of its kind, then call opened():
///   UvHandle<uv_poll_t> poll;
///   if (uv_poll_init(loop.uv(), poll.get(), fd) == 0) poll.opened();
/// Until opened() libuv does not know it. Move-only.
template <class Handle>
class UvHandle {
 public:
  UvHandle() : handle_(new Handle{}) {}
  UvHandle(UvHandle&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)), opened_(std::exchange(other.opened_, false)) {}
  UvHandle& operator=(UvHandle&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(opened_, other.opened_);
    return *this;
  }
  /// As close().
  ~UvHandle() { close(); }

  void opened() noexcept {
    opened_ = true;
    const auto kind = uv_handle_get_type(reinterpret_cast<uv_handle_t*>(handle_));
    open_handles[kind].fetch_add(1, std::memory_order_relaxed);
  }
  bool is_open() const noexcept { return opened_; }
  Handle* get() const noexcept { return handle_; }
  Handle* operator->() const noexcept { return handle_; }

  /// No callback of the handle comes after this. Its `data` becomes null. Idempotent.
  void close() noexcept {
    Handle* const handle = std::exchange(handle_, nullptr);
    if (handle == nullptr) return;
    handle->data = nullptr;
    auto* const base = reinterpret_cast<uv_handle_t*>(handle);
    if (opened_) open_handles[uv_handle_get_type(base)].fetch_sub(1, std::memory_order_relaxed);
    if (!std::exchange(opened_, false) || uv_is_closing(base) != 0) {  // closing: the loop went first, by force
      delete handle;
      return;
    }
    uv_close(base, [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
  }

 private:
  Handle* handle_;
  bool opened_ = false;
};

/// The kinds of the handles that are still open and not closing, e.g. "poll, poll, timer"; empty if there are none.
std::string open_uv_handles(uv_loop_t* loop);

/// Closes what its owners forgot, without freeing it: the memory is theirs. For a loop that must go.
void force_close_uv_handles(uv_loop_t* loop) noexcept;

}  // namespace belfry::async
