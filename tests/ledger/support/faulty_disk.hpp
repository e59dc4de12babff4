// A disk that fails as told, under every SQLite connection of this process that is opened while the object lives.
//
// It is a layer over SQLite's own files (sqlite.org/vfs.html), made the default one. Only writes, syncs and changes of
// a file's size fail: what is on the disk can be read. Any thread may call; the connections must be closed before it
// goes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace belfry::ledger::test {

enum class Fault : std::uint8_t {
  none,
  io_error,    ///< a write or a sync fails (EIO)
  full,        ///< a write fails, for there is no space left (ENOSPC)
  sync_error,  ///< writes go well, and a sync fails
  torn_write,  ///< half of a write arrives, and it fails
};

class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  /// Every operation that the fault is about fails, once so many have gone well. Fault::none heals the disk.
  void fail(Fault fault, std::uint64_t after = 0);
  void heal() { fail(Fault::none); }

  /// One operation fails after every `each`-th sync, and so once in so many commits; another try may go well.
  void fail_now_and_then(Fault fault, std::uint64_t each);

  /// How many operations have failed.
  std::uint64_t failures() const;

  /// From now on whoever writes or syncs waits at a gate, until go_on().
  void stall();
  void go_on();

  /// Returns when somebody waits at the gate.
  void wait_until_stalled();

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace belfry::ledger::test
