// What belfryd and its keeper say to each other; see fd_keeper.hpp. Header only: the static belfry-exec uses it too.
//
// The keeper listens on a Unix socket (SOCK_SEQPACKET), its door. Who connects and is the same user gets all that it
// holds, a KeeperMessage for each owner and one of no owner at the end, whose label is the keeper's pid. From then on
// he says one letter at a time there: that he has filled a queue (its reading end comes with it), that there is enough
// in it to look, or that he ends in order. The queue is where the descriptors travel, in KeeperMessages; nobody wakes
// up for one of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace belfry::io {

/// Changes with the messages: it is part of the door's name, so versions that differ never meet.
inline constexpr const char* keeper_door_suffix = ".keeper1";

enum class KeeperWord : char {
  queue = 'q',  ///< a new queue; the one before is complete
  look = 'l',   ///< take over what is in the queue
  bye = 'b',    ///< nothing is needed any more
};

/// Descriptors of one owner, which come with the message, and owners whose descriptors may be closed before.
struct KeeperMessage {
  static constexpr std::size_t most_fds = 8;
  static constexpr std::size_t most_dropped = 64;

  std::int64_t owner;
  std::uint32_t fds;
  std::uint32_t dropped;
  std::array<std::uint32_t, most_fds> labels;
  std::array<std::int64_t, most_dropped> dropped_owners;

  /// What is sent of it.
  std::size_t size() const noexcept { return offsetof(KeeperMessage, dropped_owners) + dropped * sizeof(std::int64_t); }
};

inline constexpr std::int64_t no_owner = -1;

}  // namespace belfry::io
