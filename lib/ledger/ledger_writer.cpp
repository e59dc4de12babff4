// The writer's thread; see ledger_writer.hpp.
#include "ledger/ledger_writer.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "async/fault_point.hpp"
#include "async/no_signals.hpp"
#include "ledger/integrity.hpp"
#include "ledger/schema.hpp"

namespace belfry::ledger {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_group = 10'000;  // items of one transaction
constexpr Duration first_retry = 50ms;
constexpr auto measure_every = 1s;

// SQLite goes on writing into a file that has lost its name, and would never tell.
constexpr const char* file_is_gone =
    ": the file was removed or replaced while it was in use, and what is recorded now will be lost; restart belfryd";

// How long a start may look for damage: enough for a few hundred megabytes.
constexpr Duration check_patience = 200ms;

std::uint64_t size_of(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

// None: there is no file of that name.
FileId file_id(const std::string& path) noexcept {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? FileId{.device = info.st_dev, .inode = info.st_ino} : FileId{};
}

// Makes the folder and an empty file, so that nobody but the owner can ever read them. SQLite gives its -wal and -shm
// files the mode of the file.
std::string prepare_file(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty() && !std::filesystem::exists(folder)) {
    std::filesystem::create_directories(folder.parent_path(), error);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      throw LedgerError(folder.string() + ": cannot make the folder of the ledger: " + std::strerror(errno));
    }
  }
  return path;
}

// What SQLite would make of a file that is no database, with a log beside it that once belonged to another: it would
// write the log into it.
void refuse_garbage(const std::string& path, int fd) {
  constexpr std::string_view magic = "SQLite format 3";
  std::array<char, magic.size()> begin{};
  const ssize_t size = ::pread(fd, begin.data(), begin.size(), 0);
  if (size == 0 && size_of(path + "-wal") > 0) {
    throw LedgerError(path + ": the file is empty, and the log beside it is not" + advice_on_damage);
  }
  if (size != 0 && std::string_view(begin.data(), begin.size()) != magic) {
    throw LedgerError(path + ": the file is not a database" + advice_on_damage);
  }
}

// Called with the lock held, before SQLite opens the file: closing a descriptor of it later would drop SQLite's locks.
std::string create_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) throw LedgerError(path + ": cannot open or make the ledger: " + std::strerror(errno));
  try {
    refuse_garbage(path, fd);
  } catch (...) {
    ::close(fd);
    throw;
  }
  ::close(fd);
  return path;
}

void refuse_damage(sqlite::Connection& connection) {
  const Integrity found = check(connection, Depth::quick, check_patience);
  if (found.damage.empty()) return;
  throw LedgerError(connection.path() + ": the ledger is damaged: " + found.damage.front() + advice_on_damage);
}

// Opened in the order of the members: nothing may touch the file before it is known to be a sound ledger.
sqlite::Connection& prepare(sqlite::Connection& connection, Durability durability) {
  connection.checkpoint_at_close(false);
  // Small pages: a lone run touches a dozen of them, and each goes to the log whole. Heeded only by a new file.
  connection.execute("PRAGMA page_size = 2048");
  refuse_damage(connection);
  migrate(connection);
  connection.checkpoint_at_close(true);
  if (const std::string mode = connection.text("PRAGMA journal_mode = WAL"); mode != "wal") {
    throw LedgerError(connection.path() + ": this file system cannot hold a write-ahead log (journal mode " + mode +
                      "); put the state folder on a local disk");
  }
  connection.execute(durability == Durability::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  connection.execute("PRAGMA wal_autocheckpoint = 8000");      // pages: a log of 16 MB
  connection.execute("PRAGMA journal_size_limit = 33554432");  // shrink it after a reader held it up
  connection.execute("PRAGMA cache_size = -8192");             // KiB: the tails of a thousand jobs' indexes
  connection.execute("PRAGMA secure_delete = OFF");
  connection.execute("PRAGMA trusted_schema = OFF");
  return connection;
}

}  // namespace

LedgerWriter::LedgerWriter(const std::string& path, const SqliteOptions& options)
    : options_(options),
      lock_(prepare_file(path)),
      connection_(create_file(path), sqlite::Mode::read_write),
      rows_(prepare(connection_, options.durability)),
      pruner_(connection_, rows_.jobs(), options.retention),
      file_(file_id(path)),
      queue_(options.max_queue_bytes),
      next_run_id_(connection_.integer(newest_run_id_sql) + 1) {
  measure_size();
  start_thread();
}

LedgerWriter::~LedgerWriter() {
  give_up_at_ = (Clock::now() + options_.close_patience).time_since_epoch().count();
  queue_.close();
  thread_.join();
}

bool LedgerWriter::skip_run_ids(RunId used) noexcept {
  RunId next = next_run_id_.load(std::memory_order_relaxed);
  while (next <= used) {
    if (next_run_id_.compare_exchange_weak(next, used + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

void LedgerWriter::start_thread() {
  const async::NoSignals guard;
  thread_ = std::thread([this] { serve(); });
  pthread_setname_np(thread_.native_handle(), "ledger");
}

void LedgerWriter::serve() {
  const auto patience = std::chrono::duration_cast<Clock::duration>(options_.commit_patience);
  for (;;) {
    if (pruner_.is_due() && !queue_.closed()) prune();
    if (pruner_.is_due() && queue_.is_idle()) continue;
    EntryBatch batch = queue_.take(patience);
    if (batch.empty()) break;
    BELFRY_FAULT_POINT("ledger.batch_taken");
    while (!batch.empty()) store(batch.split(max_group));
  }
  try {
    connection_.checkpoint();
  } catch (const sqlite::Error& error) {
    note_failure(error.what());  // what is in the log is durable; the next start reads it
  }
}

void LedgerWriter::store(EntryBatch batch) {
  std::size_t entries = 0;
  std::size_t bytes = 0;
  for (const EntryBatch::Item* item = batch.first(); item != nullptr; item = item->next.get()) {
    bytes += item->bytes;
    entries += item->bytes > 0 ? 1 : 0;
  }
  if (entries > 0) {
    Duration delay = first_retry;
    while (!try_to_store(batch)) {
      if (!wait_before_retry(delay)) {
        given_up_ += entries;
        break;
      }
      delay = std::min(delay * 2, options_.retry_limit);
    }
  }
  queue_.release(entries, bytes);
  for (EntryBatch::Item* item = batch.first(); item != nullptr; item = item->next.get()) {
    if (auto* done = std::get_if<EntryBatch::Callback>(&item->what)) (*done)();
  }
}

bool LedgerWriter::try_to_store(const EntryBatch& batch) try {
  std::size_t entries = 0;
  rows_.begin();
  for (const EntryBatch::Item* item = batch.first(); item != nullptr; item = item->next.get()) {
    if (const auto* entry = std::get_if<Entry>(&item->what)) {
      rows_.write(*entry);
      ++entries;
    }
  }
  BELFRY_FAULT_POINT("ledger.before_commit");
  rows_.commit();
  BELFRY_FAULT_POINT("ledger.after_commit");
  note_success(entries);
  return true;
} catch (const std::exception& error) {  // SQLite's, or no memory left
  rows_.abandon();
  note_failure(error.what());
  return false;
}

// False when it is time to give up.
bool LedgerWriter::wait_before_retry(Duration delay) {
  try {
    connection_.checkpoint();  // on a full disk this may free the log for reuse
  } catch (const sqlite::Error&) {
    // The commit's own error, already noted, says it better.
  }
  const auto then = Clock::now() + std::chrono::duration_cast<Clock::duration>(delay);
  if (!queue_.closed()) {
    queue_.pause_until(then);
    return true;
  }
  if (then.time_since_epoch().count() > give_up_at_) return false;
  std::this_thread::sleep_until(then);
  return true;
}

void LedgerWriter::prune() try { pruner_.step(); } catch (const sqlite::Error& error) {
  note_failure(error.what());
}

void LedgerWriter::note_success(std::size_t entries) {
  written_ += entries;
  ++commits_;
  if (Clock::now() - last_measure_ >= measure_every) measure_size();
  const bool refused = rows_.refused() != refused_;
  const bool in_place = is_in_place();
  const std::lock_guard lock(text_mutex_);
  last_error_ = in_place ? "" : connection_.path() + file_is_gone;
  if (refused) last_refusal_ = rows_.last_refusal();
  refused_ = rows_.refused();
}

void LedgerWriter::note_failure(const std::string& error) {
  ++errors_;
  const std::lock_guard lock(text_mutex_);
  last_error_ = error;
}

void LedgerWriter::measure_size() {
  last_measure_ = Clock::now();
  size_bytes_ = size_of(connection_.path()) + size_of(connection_.path() + "-wal");
}

bool LedgerWriter::is_in_place() const noexcept { return file_id(connection_.path()) == file_; }

LedgerStats LedgerWriter::stats() const {
  LedgerStats stats;
  stats.queued = queue_.entries();
  stats.queued_bytes = queue_.bytes();
  stats.written = written_;
  stats.commits = commits_;
  stats.errors = errors_;
  stats.dropped = queue_.dropped() + given_up_;
  stats.dropped_output = queue_.dropped_outputs();
  stats.refused = refused_;
  stats.size_bytes = size_bytes_;
  const std::lock_guard lock(text_mutex_);
  stats.last_error = last_error_;
  stats.last_refusal = last_refusal_;
  return stats;
}

}  // namespace belfry::ledger
