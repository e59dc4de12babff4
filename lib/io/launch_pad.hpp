// LaunchPad: the place from which a child starts while we go on: a stack, copies of its strings, a way for its streams.
//
// A child that copies the daemon's table of descriptors pays for every job that runs beside it: three descriptors each,
// copied by clone and closed by execve. It takes over the low end of the table alone, therefore, where each pad keeps a
// socket; the streams come as a message through that, and are the child's from then on, whatever the daemon closes or
// opens meanwhile. Private to launch.cpp, but for reserve().
#pragma once

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/fd.hpp"
#include "io/launch_child.hpp"

namespace belfry::io {

/// Where a launch got stuck before there was a process.
struct PadError {
  LaunchStep step = LaunchStep::process;
  int error = 0;  ///< errno
};

class LaunchPad {
 public:
  /// Makes the usual number of pads before others take the low descriptors: a child copies all that are below. Call it
  /// first of all; later calls do nothing, and without it launches make pads as they need them. False: there are no
  /// descriptors left.
  static bool reserve() noexcept;

  /// Starts the child from a pad that no other uses. When all are taken it waits for some milliseconds, then makes one
  /// more: a child that is held by a dead file server keeps its own pad, and nobody else's. Any thread. `answer` is
  /// kept until the child has left the pad.
  static std::expected<Child, PadError> launch(const LaunchSpec& spec, const LaunchContext& context,
                                               std::shared_ptr<ChildAnswer> answer);

  LaunchPad(const LaunchPad&) = delete;
  LaunchPad& operator=(const LaunchPad&) = delete;
  ~LaunchPad() = default;

 private:
  struct All;  // the pads of this process

  LaunchPad() = default;
  int open();  // 0 or errno; again after an error
  bool taken() const noexcept { return busy_.load(std::memory_order_acquire) != 0; }
  void write_plan(const LaunchSpec& spec, const LaunchContext& context);
  int send_streams(const LaunchContext& context) noexcept;
  const char* keep(std::string_view string);

  std::atomic<int> busy_ = 0;  // 1 from being taken until the child has left: the kernel clears it
  Fd inbox_;
  Fd outbox_;
  ChildPlan plan_;
  std::shared_ptr<ChildAnswer> answer_;
  std::vector<char> text_;          // all strings, one after the other
  std::vector<const char*> lists_;  // argv, envp and the candidates, each ended by nullptr
  msghdr message_{};                // what the child receives into
  iovec byte_{};
  char letter_ = 0;
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(5 * sizeof(int))> control_;
  alignas(16) std::array<std::byte, 16384> stack_;
};

}  // namespace belfry::io
