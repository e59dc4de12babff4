// Copies of a ledger; see backup.hpp.
#include "ledger/backup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "ledger/integrity.hpp"
#include "ledger/schema.hpp"
#include "ledger/state_lock.hpp"

namespace belfry::ledger {
namespace {

namespace fs = std::filesystem;

constexpr int pages_of_a_step = 512;                  // a megabyte, between two looks at `stop`
constexpr Duration no_limit = std::chrono::years{1};  // of a check whose caller waits for it
constexpr std::array beside{"-wal", "-shm", "-journal"};

[[noreturn]] void fail(const std::string& path, const std::string& operation) {
  throw LedgerError(path + ": " + operation + ": " + std::strerror(errno));
}

std::string folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

// Makes names durable.
void sync(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (fd < 0) fail(path, "open");
  const int result = ::fsync(fd);
  ::close(fd);
  if (result != 0) fail(path, "fsync");
}

bool exists(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0;
}

// The file that becomes a copy, under a name of its own until it is complete; removed unless it was put in place.
class Part {
 public:
  explicit Part(const std::string& target) : target_(target), path_(target + ".part") {
    remove();  // what a killed process left
    const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) fail(path_, "cannot make the copy");
    ::close(fd);
  }
  ~Part() {
    if (!in_place_) remove();
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  const std::string& path() const noexcept { return path_; }

  void put_in_place(OnExisting existing) {
    sync(path_, 0);
    const unsigned flags = existing == OnExisting::refuse ? RENAME_NOREPLACE : 0;
    int result = ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), flags);
    if (result != 0 && errno == EINVAL && !exists(target_)) result = ::rename(path_.c_str(), target_.c_str());
    if (result != 0) fail(target_, "cannot put the copy in place");
    in_place_ = true;
    sync(folder_of(target_), O_DIRECTORY);
  }

 private:
  void remove() const noexcept {
    ::unlink(path_.c_str());
    for (const char* suffix : beside) ::unlink((path_ + suffix).c_str());
  }

  std::string target_;
  std::string path_;
  bool in_place_ = false;
};

void copy_pages(sqlite::Connection& from, sqlite::Connection& to, const Stop& stop) {
  // Nothing of a copy that is not complete is ever used: it needs no journal, and one fsync at its end.
  to.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  from.execute("BEGIN");
  try {
    from.integer("SELECT count(*) FROM sqlite_schema");  // from here on it sees one state, whoever writes
    sqlite::PageCopy copy(from, to);
    while (copy.step(pages_of_a_step)) {
      if (stop && stop()) throw LedgerError(to.path() + ": the copy was given up, as asked");
    }
    from.execute("COMMIT");
  } catch (...) {
    from.rollback();
    throw;
  }
}

// The copy as one file that is known to be sound. Gives its bytes.
std::uint64_t make_part(sqlite::Connection& from, const Part& part, const Stop& stop) {
  sqlite::Connection to(part.path(), sqlite::Mode::read_write);
  copy_pages(from, to, stop);
  to.execute(
      "PRAGMA journal_mode = DELETE");  // no log beside it: the ledger's own setting comes back when it is opened
  ledger_version(to);
  const Integrity found = check(to, Depth::quick, no_limit);
  if (!found.is_sound()) {
    throw LedgerError(from.path() + ": the ledger is damaged, and so is the copy, which was not kept: " +
                      (found.damage.empty() ? "the check did not end" : found.damage.front()));
  }
  return fs::file_size(part.path());
}

void refuse_existing(const std::string& path) {
  if (exists(path)) throw LedgerError(path + ": there is a file already; name one that does not exist");
}

// "20260101T093000Z"
std::string timestamp() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 20> text{};
  std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc);
  return text.data();
}

// A second name for the file and its log, so that at no instant neither is there.
std::string keep_replaced(const std::string& path) {
  const std::string base = path + ".replaced-" + timestamp();
  std::string kept = base;
  for (int copy = 2; exists(kept); ++copy) kept = base + "-" + std::to_string(copy);
  if (::link(path.c_str(), kept.c_str()) != 0) fail(kept, "cannot keep the ledger that is replaced");
  const std::string log = path + "-wal";
  if (exists(log) && ::link(log.c_str(), (kept + "-wal").c_str()) != 0) {
    fail(kept + "-wal", "cannot keep the ledger that is replaced");
  }
  return kept;
}

// What root makes in the folder belongs to whom the folder belongs to: the daemon.
void give_to_owner(const std::string& path) {
  struct stat folder{};
  if (::geteuid() != 0 || ::stat(folder_of(path).c_str(), &folder) != 0) return;
  if (::lchown(path.c_str(), folder.st_uid, folder.st_gid) != 0) fail(path, "chown");
}

// Keeps every daemon away from the ledger.
class Offline {
 public:
  explicit Offline(const std::string& path) : lock_(path) { give_to_owner(path + ".lock"); }

 private:
  StateLock lock_;
};

std::uint64_t size_with_log(const std::string& path) {
  std::error_code error;
  const std::uint64_t file = fs::file_size(path);
  const std::uint64_t log = fs::file_size(path + "-wal", error);
  return error ? file : file + log;
}

}  // namespace

std::uint64_t copy_ledger(sqlite::Connection& from, const std::string& to, OnExisting existing, const Stop& stop) {
  Part part(to);
  const std::uint64_t bytes = make_part(from, part, stop);
  part.put_in_place(existing);
  return bytes;
}

std::uint64_t backup_ledger(const std::string& path, const std::string& to, const Stop& stop) {
  sqlite::Connection from(path, sqlite::Mode::read_only);
  ledger_version(from);
  refuse_existing(to);
  return copy_ledger(from, to, OnExisting::refuse, stop);
}

Restored restore_ledger(const std::string& from, const std::string& path) {
  const Offline offline(path);
  std::error_code ignored;
  if (fs::equivalent(from, path, ignored)) throw LedgerError(from + ": this is the ledger itself, not a backup of it");
  Restored restored;
  Part part(path);
  {
    sqlite::Connection source(from, sqlite::Mode::read_only);
    ledger_version(source);
    restored.bytes = make_part(source, part, {});
    give_to_owner(part.path());
  }
  if (exists(path)) restored.replaced = keep_replaced(path);
  for (const char* suffix : beside) ::unlink((path + suffix).c_str());
  part.put_in_place(OnExisting::replace);
  return restored;
}

Vacuumed vacuum_ledger(const std::string& path) {
  const Offline offline(path);
  Vacuumed result;
  {
    sqlite::Connection connection(path, sqlite::Mode::read_write);
    ledger_version(connection);
    result.bytes_before = size_with_log(path);
    connection.execute("VACUUM");
  }
  result.bytes_after = size_with_log(path);
  return result;
}

}  // namespace belfry::ledger
