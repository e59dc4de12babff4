// One call of libuv's file system API as something to await. Private to fs.cpp and file.cpp.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <string>

#include "async/task.hpp"
#include "async/waiter.hpp"
#include "io/external_work.hpp"
#include "io/io_error.hpp"

namespace belfry::io::fs {

/// What libuv works on: on the heap, because it must outlive a coroutine frame that is destroyed meanwhile.
struct CallState {
  uv_fs_t request{};
  std::string bytes;             ///< what is read or written
  class Call* waiter = nullptr;  ///< null: nobody waits any more
  bool begun = false;
  ExternalWork work;
};

using Begin = std::move_only_function<int(uv_loop_t*, CallState&, uv_fs_cb)>;

struct FreeCallState {
  void operator()(CallState* state) const noexcept {
    if (state->begun) uv_fs_req_cleanup(&state->request);
    delete state;
  }
};
using CallStatePtr = std::unique_ptr<CallState, FreeCallState>;

/// The awaiter of one call.
class Call final : public async::Waiter {
 public:
  /// `operation` must be a literal.
  Call(const char* operation, Begin begin) : Waiter(operation), begin_(std::move(begin)), state_(new CallState) {}
  ~Call() override;

  /// The state after the call; its request.result is negative for an error.
  CallStatePtr await_resume();

 private:
  bool start() override;
  bool abandon() noexcept override;
  static void done(uv_fs_t* request);

  Begin begin_;
  CallStatePtr state_;
};

/// Makes the call; throws IoError.
async::Task<CallStatePtr> perform(const char* operation, std::string path, Begin begin);

}  // namespace belfry::io::fs
