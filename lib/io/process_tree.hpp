// The processes that a job leaves behind: found, killed and reaped.
//
// kill() of a process group misses whoever called setsid() or daemonised. A child subreaper gets such processes as its
// own children once their parents are gone (prctl(2), PR_SET_CHILD_SUBREAPER), where they can be listed and told apart
// by their process group or by an entry of their environment. All functions are synchronous and quick. Sweep on the
// thread that launches (the loop's): a child that another thread is just starting would be taken for a stray.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "io/fd.hpp"
#include "io/survivors.hpp"
#include "io/tree_usage.hpp"

namespace belfry::io {

/// Makes this process the new parent of all its descendants that lose theirs. Once, at the start, by the daemon;
/// without it a sweep reaches only the process group of the leader. Throws std::system_error.
void become_subreaper();

/// An entry of the environment of processes that may outlive their leader: no other tree's sweep takes them for its
/// own.
inline constexpr const char* spared_marker = "BELFRY_SPARED=1";

/// Tells the processes of one tree from others.
struct TreeIdentity {
  pid_t leader = 0;         ///< first process; also its process group
  std::string marker;       ///< an entry of the environment that all inherit, e.g. "BELFRY_TREE=beef-7"; may be empty
  bool group_only = false;  ///< those that left the process group are none of it
};

/// The children of this process that are neither leaders nor said to be no_stray(): those it has adopted. Nothing
/// without become_subreaper(). Costs 0.1 us for each child, leaders included, so with many of them let several sweeps
/// share one list.
std::vector<pid_t> adopted_children();

/// One job's sweep. Call round() until it finds nothing.
class TreeSweep {
 public:
  explicit TreeSweep(TreeIdentity identity) : identity_(std::move(identity)) {}

  /// What a round has found, and when the next one, with a new list, makes sense.
  struct Found {
    std::optional<Fd> dying;  ///< the pidfd of one that was killed: when it is dead, its children have become ours
    bool unclear = false;     ///< one is between two programs, where nothing tells whose it is: in a moment
    bool nothing() const noexcept { return !dying && !unclear; }
  };

  /// Kills (SIGKILL) those of `adopted` that belong to the tree and reaps those that have died. REQUIRES: the leader
  /// had ended before the list was made. A process that cleared its environment and left the group is taken for one of
  /// this tree only when no other leader lives; else the last one's sweep gets it. What may not be killed is left.
  Found round(std::span<const pid_t> adopted);

  /// The living processes that the rounds have found.
  Survivors survivors() const;

  /// What those have used that were reaped, with the children that they had waited for.
  const TreeUsage& usage() const noexcept { return usage_; }

 private:
  std::optional<bool> is_ours(pid_t pid, pid_t group) const;

  TreeIdentity identity_;
  std::map<pid_t, std::string> killed_;   // by name
  std::map<pid_t, std::string> refused_;  // somebody else's by now, as of setuid programs
  TreeUsage usage_;
};

/// Reaps adopted processes that have ended by themselves, in O(1) for each; never touches a leader that its owner
/// still waits for. What one of a leader's process group has used is kept for that leader: see usage_of_strays(). Call
/// it now and then while jobs run.
void reap_strays() noexcept;

/// What those have used that were reaped while this leader lived, and were in its group.
TreeUsage usage_of_strays(pid_t leader);

/// Whether this child belongs to no job: a sweep passes it by. When it has ended, reap_strays() reaps it.
void no_stray(pid_t pid, bool is_none);

/// The leaders that somebody waits for: no stray is among them. Process keeps this list.
void add_leader(pid_t pid);
void remove_leader(pid_t pid) noexcept;
std::size_t live_leaders() noexcept;

}  // namespace belfry::io
