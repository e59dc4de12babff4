// The side of launch() that runs in the new process: takes its streams, leaves the daemon's memory by execve.
//
// The child lives in the memory of its parent until execve, as after vfork: nothing is copied, so the cost does not
// grow with the daemon. Unlike after vfork the parent goes on meanwhile, so all that the child touches is its own: a
// stack and a plan (LaunchPad), and the end of a socket through which its streams come. Private to launch.cpp.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "io/launch.hpp"

namespace belfry::io {

/// Whether a child may go on to its program. Beside its parent it is written atomically.
enum ChildGate : int {
  gate_closed = 0,
  gate_awaited = 1,  ///< closed, and the child sleeps: it must be woken (futex(2))
  gate_open = 2,
  gate_open_lasting = 3,  ///< its streams must be made lasting
};

/// What became of a start. The child writes `step` and `error`; they are read when it has ended.
struct ChildAnswer {
  int gate = gate_open;
  LaunchStep step = LaunchStep::process;
  int error = 0;  ///< errno; 0: the program is in place, or a signal came first
  std::string command;
  std::string working_dir;
};

/// All that the child needs, ready before it exists. Everything in it must stay until the child has left.
struct ChildPlan {
  const char* const* paths = nullptr;  ///< candidates for execve, ends with nullptr
  const char* const* argv = nullptr;
  const char* const* envp = nullptr;
  const char* working_dir = nullptr;  ///< nullptr: stay
  int null = -1;                      ///< /dev/null; 5 or more
  int inbox = -1;                     ///< where `streams` will come from; 5 or more
  msghdr* streams = nullptr;          ///< prepared for recvmsg: one message with the descriptors of `targets`, in order
  const int* received = nullptr;      ///< where they will be found
  int targets[5] = {};                ///< the numbers that they shall have; NOLINT(*-avoid-c-arrays): see the child
  int target_count = 0;
  bool arrived = true;  ///< the streams have been taken out of the inbox, or there were none; set by the child
  int kept = 3;         ///< descriptors below stay open in the program,
  bool report = false;  ///< but report_fd if it is false
  bool has_terminal = false;
  pid_t parent = 0;
  ChildAnswer* answer = nullptr;
};

/// The new process; the caller must reap it.
struct Child {
  pid_t pid = -1;
  int pidfd = -1;
  std::uint64_t start_ticks = 0;  ///< see ProcessMark; 0: unknown, the clock ticked meanwhile
};

/// Whether start_child() returns before the child has left, so that a closed gate can be opened.
extern const bool children_can_be_held;

/// Starts a process that carries out `plan` on the stack that ends at `stack_end`. `busy` must be 1; the kernel sets it
/// to 0 (and wakes one futex waiter) once the child has left our memory, for its program or for good. Returns at once,
/// except on processors other than x86-64 and aarch64, where it returns when the child has left. The child is the
/// leader of its process group then. pid < 0: errno says why.
Child start_child(ChildPlan& plan, void* stack_end, std::atomic<int>& busy);

}  // namespace belfry::io
