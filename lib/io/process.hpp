// Process: a child with an owner: waited for by its pidfd, signalled and killed as a tree.
//
// The pidfd is flat in the number of children, immune to reused numbers and to others who reap, and gives the usage of
// exactly this child (SIGCHLD as libuv uses it costs 1 ms for each exit among 3,000 children). Loop thread only.
//
// A process that an earlier daemon started can be adopted. It is no child of ours, unless we became the daemon by
// execve, so its status and its tree are had by other means (foreign_exit.hpp, foreign_tree.hpp).
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
#include "io/survivors.hpp"
#include "io/tree_usage.hpp"

namespace belfry::io {

/// How a process ended and what its tree consumed.
struct ExitStatus {
  std::optional<int> exit_code;  ///< 0 to 255; none: ended by `signal`
  std::optional<int> signal;     ///< neither of the two: the kernel does not tell us how an adopted process ended
  bool core_dumped = false;
  TreeUsage usage{};  ///< with the children that it had waited for itself (wait4(2)), and those that a sweep reaped
  std::optional<LaunchError> failure;  ///< it never became its program; `exit_code` is 127 then
};

/// How the exit status of an adopted process may be asked for, in this order.
struct AdoptOptions {
  bool by_zombie = true;  ///< /proc shows it until its parent has reaped it
  bool by_pidfd = true;   ///< the kernel keeps it for us from then on (Linux 6.15)
  bool by_trace = true;   ///< if it does not, we become its tracer
};

class Process {
 public:
  /// Launches (see launch(): an error is told here if there is no process, else by its status) and watches. Must be
  /// destroyed before the loop ends. Throws std::system_error when the loop cannot watch one more descriptor; the
  /// process is killed then.
  static std::expected<Process, LaunchError> start(const LaunchSpec& spec, const LaunchContext& context = {});

  /// Takes over a process that was started before us. Nothing: there is none any more, or another one has its number.
  /// One that has ended but was not reaped yet counts as there. Throws std::system_error when the loop cannot watch one
  /// more descriptor; the process is left alone then.
  static std::optional<Process> adopt(const ProcessMark& process, const AdoptOptions& options = {});

  /// How a process ended that is not there any more, by a pidfd of it that has been open since. Nothing: it is still
  /// there, or the kernel does not keep that (before Linux 6.15). The usage is not known.
  static std::optional<ExitStatus> status_of(const Fd& pidfd);

  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) = delete;
  /// One that was not reaped is killed with its group; reap_strays() or the next sweep takes its status.
  ~Process();

  pid_t pid() const noexcept { return launched_.pid; }
  ProcessMark mark() const { return launched_.mark(); }
  int pidfd() const noexcept { return launched_.pidfd.get(); }  ///< readable when it has ended; -1 after reap()

  /// Lets the program of a held launch begin; see Launched::release(). Once, before ended().
  void release(Streams streams) const noexcept { launched_.release(streams); }

  /// Returns when the leader has ended; it stays a zombie, so that its number and its group stay its own, until reap()
  /// (an adopted one is its parent's to reap; the wait takes until its status is known, or will not be).
  /// Cancellation: stops waiting and nothing else; call it again.
  async::Task<> ended();

  /// Whether the leader has ended by now, asked of the kernel. REQUIRES: not reaped.
  bool is_over() const noexcept { return ended_ || !lives(); }

  /// How far a sweep goes, and reap() after it.
  enum class Reach : std::uint8_t {
    tree,    ///< to all descendants, wherever they hid (process_tree.hpp)
    group,   ///< to the process group
    leader,  ///< nobody else is ended
  };

  /// Kills and reaps the descendants that outlived the leader. Between ended() and reap(). `marker`: see TreeIdentity.
  /// Cancellation: throws at once, some may be left. Bounded: gives up on trees that spawn faster than they die after
  /// 1,000 rounds, and on a process that does not die within five seconds.
  async::Task<Survivors> sweep(std::string marker, Reach reach = Reach::tree);

  /// Takes the status and the usage; kills what is left of its process group, unless its reach is the leader. Once,
  /// after ended() (std::logic_error).
  ExitStatus reap(Reach reach = Reach::tree);

  /// ended() and reap() in one.
  async::Task<ExitStatus> wait();

  /// Sends a signal to all of its process group. REQUIRES: not reaped; else nothing is sent.
  void signal_group(int signal) const noexcept;

  /// The same for the leader alone.
  void signal_leader(int signal) const noexcept;

 private:
  struct Foreign;  // of an adopted process that is not our child

  Process(Launched launched, std::unique_ptr<Foreign> foreign);
  async::Task<> status_kept();
  ExitStatus foreign_status() const;
  bool has_ended() const noexcept;
  bool lives() const noexcept;
  void let_go() noexcept;

  Launched launched_;
  std::unique_ptr<Foreign> foreign_;
  std::unique_ptr<FdWatcher> watcher_;
  ExternalWork work_;
  TreeUsage swept_;     // what the sweep reaped
  bool ended_ = false;  // as far as is known
  bool reaped_ = false;
};

}  // namespace belfry::io
