// ExternalWork: tells the loop that something outside of it is under way (a child, a thread of libuv's pool).
#pragma once

#include <utility>

#include "async/loop.hpp"

namespace belfry::io {

/// While one lives, a loop with a manual clock does not jump ahead. Made on the loop's thread.
class ExternalWork {
 public:
  ExternalWork() : loop_(&async::Loop::current()) { loop_->external_work_begin(); }
  ExternalWork(ExternalWork&& other) noexcept : loop_(std::exchange(other.loop_, nullptr)) {}
  ExternalWork& operator=(ExternalWork&&) = delete;
  ~ExternalWork() { end(); }

  /// It is over before its owner is.
  void end() noexcept {
    if (auto* loop = std::exchange(loop_, nullptr); loop != nullptr) loop->external_work_end();
  }

 private:
  async::Loop* loop_;
};

}  // namespace belfry::io
