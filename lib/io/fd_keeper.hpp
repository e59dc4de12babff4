// FdKeeper: descriptors that outlive this process: duplicates in the hands of a small process of their own, from which
// the next daemon takes them when this one was killed. A pipe with a holder loses nothing of what is in it, and a pidfd
// (from Linux 6.15 on) keeps the exit status of its process.
//
// The same idea as systemd's file descriptor store, where there need be no systemd. The keeper (`belfry-exec --keeper`)
// sleeps: a descriptor that is given to it stays in flight in a socket, so giving one costs a system call and wakes
// nobody. It ends when we end in order, or when we are gone and it holds nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/fd.hpp"

namespace belfry::io {

/// A descriptor and what it is for; the label's meaning is the owner's. Borrowed.
struct LabelledFd {
  std::uint32_t label = 0;
  int fd = -1;
};

/// The same with an owner.
struct KeptFd {
  std::uint32_t label = 0;
  Fd fd;
};

/// Belongs to one thread. Nothing waits but open().
class FdKeeper {
 public:
  /// Takes over from the keeper behind `door` (a path of at most 100 bytes in an existing folder), or starts one by
  /// `program`, belfry-exec. Waits for at most two seconds, some tenths of a millisecond as a rule. REQUIRES: no other
  /// process uses that door. Throws std::system_error when there is no keeper and none can be started.
  static std::unique_ptr<FdKeeper> open(const std::filesystem::path& door, std::string program);

  FdKeeper(const FdKeeper&) = delete;
  FdKeeper& operator=(const FdKeeper&) = delete;
  /// Leaves the keeper and what it holds to the next daemon.
  ~FdKeeper();

  /// What an earlier daemon gave for this owner and nobody has taken: duplicates, the keeper goes on holding it.
  std::vector<KeptFd> take(std::int64_t owner);

  /// The owners for whom something can be taken.
  std::vector<std::int64_t> owners() const;

  /// Gives duplicates of at most 8 descriptors, beside what the owner has already. False: they are not kept (too many
  /// descriptors in flight, no memory). A keeper that has died is replaced, at most every ten seconds; what it held is
  /// held no more. The keeper may learn of it late, but before it learns of our end.
  bool keep(std::int64_t owner, std::span<const LabelledFd> fds) noexcept;

  /// What the owner gave is needed no longer, nor what can be taken for it. It may take until the next dozens of calls
  /// before it is closed, or until the next flush().
  void drop(std::int64_t owner) noexcept;

  /// Makes the keeper carry out what it was told.
  void flush() noexcept;

  /// The keeper's process.
  pid_t pid() const noexcept { return keeper_; }

  /// Ends the keeper, whatever it holds. Nothing is kept from then on.
  void end() noexcept;

 private:
  FdKeeper(std::filesystem::path door, std::string program) : door_(std::move(door)), program_(std::move(program)) {}
  bool take_over();
  void start();
  void adopt_connection(Fd connection);
  bool open_queue() noexcept;
  bool say(char word, int fd = -1) noexcept;
  bool send(std::int64_t owner, std::span<const LabelledFd> fds) noexcept;
  bool replace() noexcept;

  std::filesystem::path door_;
  std::string program_;
  pid_t keeper_ = 0;
  Fd connection_;
  Fd queue_;
  std::size_t unseen_ = 0;             // messages in the queue since the keeper was told to look
  std::vector<std::int64_t> dropped_;  // not told yet
  std::map<std::int64_t, std::vector<KeptFd>> left_;
  std::chrono::steady_clock::time_point replaced_at_{};
};

}  // namespace belfry::io
