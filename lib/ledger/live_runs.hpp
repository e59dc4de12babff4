// LiveRuns: the table of runs under way, for the next daemon when this one is killed.
//
// A file on tmpfs, mapped, one record for each run. The loop writes it with plain stores, so it never waits for a disk,
// and whoever is killed between any two instructions leaves a table that can be read. It is there for the death of the
// process; what must survive the death of the machine is the ledger's: a table of another boot is void.
//
// Belongs to one thread (the loop's). Nothing from begin() to forget() makes a system call, but for a begin() that
// finds the table full (it grows by another 64 records, some tenths of a millisecond) and what is said of descriptors.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "io/fd.hpp"
#include "io/fd_keeper.hpp"
#include "io/process_mark.hpp"
#include "ledger/entry.hpp"

namespace belfry::ledger {

/// A run that the last daemon had under way, or whose end had perhaps not become durable.
struct LiveRun {
  RunStarted started;
  int attempt = 0;  ///< the newest one; 0: none had begun
  WallTime attempt_started_at;
  std::optional<io::ProcessMark> process;     ///< of that attempt; none: it had not been launched, or has no process
  std::optional<AttemptEnded> attempt_ended;  ///< that attempt is over; its output as far as it was kept
  std::optional<RunEnded> ended;              ///< the run is over
};

struct LiveRunsOptions {
  std::filesystem::path folder = "/dev/shm";  ///< must be on tmpfs: on a disk, the kernel may write pages back slowly
  std::string boot{};                         ///< which boot this is, for tests; empty: ask the kernel
  std::string keeper{};                       ///< belfry-exec (io/fd_keeper.hpp); empty: descriptors are not kept
};

struct LiveHeader;
struct LiveRecord;

class LiveRuns {
 public:
  /// Opens FOLDER/belfry-UID-ID (ID: local_id() of the ledger), or makes it, readable by its owner alone. A table of
  /// another boot of the machine, another process namespace or another version of belfryd is void and begun anew.
  /// REQUIRES: the ledger is open, which keeps a second daemon away. Throws LedgerError, with advice: the folder is not
  /// there or full, or the file belongs to somebody else; a daemon goes on without a table then, and says so.
  static std::unique_ptr<LiveRuns> open(const std::string& ledger_path, const LiveRunsOptions& options = {});

  LiveRuns(const LiveRuns&) = delete;
  LiveRuns& operator=(const LiveRuns&) = delete;
  /// Leaves the file to the next daemon; removes it when no run is in it.
  ~LiveRuns();

  /// What the last daemon left, by number of the run. Call it before anything is added; each stays in the table, and
  /// all of the below applies to it, until forget().
  std::vector<LiveRun> left() const;

  /// Whether a run that is not in it either never began, or its end is durable. False for a new table (the last daemon
  /// ended in order, or another boot of the machine ended it), and for one that was never settled().
  bool is_whole() const noexcept { return whole_; }

  /// What the ledger had open when this table was begun is closed, durably. Until then a daemon that finds the table
  /// must know that there was another one before it.
  void settled() noexcept;

  /// The largest number of a run that was ever in the table; 0: none was. The ledger may have lost the newest ones in a
  /// crash; a number must never be given twice.
  RunId newest_run() const noexcept;

  /// A run begins. False: there is no place for it (no memory, or a name longer than 128 bytes); what is told of it
  /// below is ignored then, and the next daemon will not know it. A number that is in the table already is begun anew.
  bool begin(const RunStarted& run) noexcept;

  /// An attempt begins; its output memory is cleared.
  void attempt(RunId run, int number, WallTime started_at) noexcept;

  /// The process that carries out the newest attempt.
  void launched(RunId run, const io::ProcessMark& process) noexcept;

  /// Its newest attempt is over. Its message is cut to 255 bytes; of its output, what is in output() is kept.
  void attempt_ended(const AttemptEnded& ended) noexcept;

  /// The run is over, and the ledger has been told but may not have made it durable yet. The message is cut as above.
  void ended(const RunEnded& ended) noexcept;

  /// The run's end is durable: its place is free, and nothing of it is kept any more from the next tell_keeper() on.
  void forget(RunId run) noexcept;

  /// Call it when some runs have been forgotten. Two system calls, which do not wait.
  void tell_keeper() noexcept;

  /// Gives duplicates of descriptors of its newest attempt (at most 8; labels below 2^16) into the keeping of a process
  /// that survives this one, beside those that it has given. A system call, which does not wait. `large`: they hold
  /// memory. False: they are not kept.
  bool keep(RunId run, std::span<const io::LabelledFd> fds, bool large = false) noexcept;

  /// What was so given by the last daemon for the attempt that left() tells of; once. It stays in that keeping, too.
  std::vector<io::KeptFd> take_kept(RunId run);

  /// Why descriptors are not kept; empty: they are.
  const std::string& no_keeper() const noexcept { return no_keeper_; }

  /// Memory for io::OutputMirror, standard output and standard error; both empty for a run that is not in the table.
  /// Stays where it is until forget().
  std::array<std::span<std::byte>, 2> output(RunId run) noexcept;

  std::size_t size() const noexcept { return index_.size(); }
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  LiveRuns(std::filesystem::path path, io::Fd file) : path_(std::move(path)), file_(std::move(file)) {}
  void read_or_renew(const std::string& place, const std::string& ledger_path);
  void renew(const std::string& place, const std::string& ledger_path);
  bool map_segment() noexcept;
  void open_keeper(const std::string& program);
  LiveRecord* find(RunId run) const noexcept;

  std::filesystem::path path_;
  io::Fd file_;
  LiveHeader* header_ = nullptr;
  std::vector<LiveRecord*> segments_;  // each 64 records, mapped for itself: a record never moves
  std::vector<LiveRecord*> free_;      // the next one to be used is the last
  std::unordered_map<RunId, LiveRecord*> index_;
  std::unique_ptr<io::FdKeeper> keeper_;
  std::unordered_set<RunId> large_;  // of those that were given to it
  std::string no_keeper_ = "there is no program for it";
  bool mapped_ = false;  // all of the file
  bool whole_ = false;   // see is_whole()
};

}  // namespace belfry::ledger
