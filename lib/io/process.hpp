// Process: a child with an owner: waited for by its pidfd, signalled and killed as a tree.
//
// The pidfd is flat in the number of children, immune to reused numbers and to others who reap, and gives the usage of
// exactly this child (SIGCHLD as libuv uses it costs 1 ms for each exit among 3,000 children). Loop thread only.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "async/task.hpp"
#include "io/external_work.hpp"
#include "io/fd_watcher.hpp"
#include "io/launch.hpp"

namespace belfry::io {

/// How a process ended and what it consumed, with the children that it had waited for itself (wait4(2)).
struct ExitStatus {
  std::optional<int> exit_code;  ///< 0 to 255; none: ended by `signal`
  std::optional<int> signal;
  bool core_dumped = false;
  std::chrono::microseconds user_cpu{};
  std::chrono::microseconds system_cpu{};
  std::int64_t max_rss_bytes = 0;
  std::optional<LaunchError> failure;  ///< it never became its program; `exit_code` is 127 then
};

class Process {
 public:
  /// Launches (see launch(): an error is told here if there is no process, else by its status) and watches. Must be
  /// destroyed before the loop ends. Throws std::system_error when the loop cannot watch one more descriptor; the
  /// process is killed then.
  static std::expected<Process, LaunchError> start(const LaunchSpec& spec, const LaunchContext& context = {});

  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) = delete;
  /// One that was not reaped is killed with its group; reap_strays() or the next sweep takes its status.
  ~Process();

  pid_t pid() const noexcept { return launched_.pid; }

  /// Returns when the leader has ended; it stays a zombie, so that its number and its group stay its own, until reap().
  /// Cancellation: stops waiting and nothing else; call it again.
  async::Task<> ended();

  /// Kills and reaps the descendants that outlived the leader, wherever they hid (process_tree.hpp); returns how many
  /// there were. Between ended() and reap(). `marker`: see TreeIdentity. Cancellation: throws at once, some may be
  /// left. Bounded: gives up on trees that spawn faster than they die after 1,000 rounds.
  async::Task<int> sweep(std::string marker);

  /// Takes the status and the usage; kills what is left of its process group. Once, after ended() (std::logic_error).
  ExitStatus reap();

  /// ended() and reap() in one.
  async::Task<ExitStatus> wait();

  /// Sends a signal to all of its process group. REQUIRES: not reaped; else nothing is sent.
  void signal_group(int signal) const noexcept;

 private:
  explicit Process(Launched launched);

  Launched launched_;
  std::unique_ptr<FdWatcher> watcher_;
  ExternalWork work_;
  bool reaped_ = false;
};

}  // namespace belfry::io
