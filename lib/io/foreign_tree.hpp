// The processes of a job that an earlier daemon started, and its output: they are no descendants of ours, so they are
// looked for in /proc.
//
// A look at every process of the machine: some microseconds for each that is not of our user, some tens for each that
// is. So it yields to the loop between them, and is made once for a job that is adopted and once when it ends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "io/fd.hpp"
#include "io/process_mark.hpp"
#include "io/survivors.hpp"

namespace belfry::io {

/// A tree by its first process, alive or not, and an entry of the environment that all of it inherit.
struct ForeignTree {
  ProcessMark leader;  ///< of number 0: it is not known
  std::string marker;  ///< "BELFRY_TREE=..."; empty: there is none
};

/// The processes of the tree that live and may be signalled by us: those in the leader's process group and those with
/// the marker. Never this process. Cancellation: throws.
async::Task<std::vector<ProcessMark>> members_of(const ForeignTree& tree);

/// The first process of the tree with that marker, when whoever started it was killed before it wrote down which it is;
/// nothing: there is none. Cancellation: throws.
async::Task<std::optional<ProcessMark>> find_leader(std::string marker);

/// Kills (SIGKILL) all of them, wherever they hid, until none is left. The leader itself
/// is killed as well if it lives, and is among them. Cancellation: throws at once, some may be left. Bounded: 100
/// rounds.
async::Task<Survivors> kill_foreign_tree(ForeignTree tree);

/// Opens, for reading and without waiting for it, the pipe with that inode number that one of the processes has open;
/// nothing: none has, or they are not ours to look at.
Fd reopen_pipe(std::span<const ProcessMark> processes, std::uint64_t inode);

}  // namespace belfry::io
