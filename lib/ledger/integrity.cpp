// Checks of the file; see integrity.hpp and sqlite.org/pragma.html#pragma_integrity_check.
#include "ledger/integrity.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "async/no_signals.hpp"
#include "ledger/schema.hpp"

namespace belfry::ledger {
namespace {

// Interrupts the connection when time is up, unless it is destroyed before.
class Alarm {
 public:
  Alarm(sqlite::Connection& connection, Duration patience) {
    const async::NoSignals guard;
    thread_ = std::jthread([this, &connection, patience](const std::stop_token& stop) {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, stop, patience, [] { return false; }) || stop.stop_requested()) return;
      rang_ = true;
      connection.interrupt();
    });
  }

  /// Whether time was up. Waits for the thread; afterwards it interrupts no more.
  bool rang() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    return rang_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool rang_ = false;    // read after the thread has ended
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace

Integrity check(sqlite::Connection& connection, Depth depth, Duration patience) {
  Alarm alarm(connection, patience);
  Integrity found;
  try {
    sqlite::Statement row(connection, depth == Depth::quick ? "PRAGMA quick_check(20)" : "PRAGMA integrity_check(20)");
    while (row.step()) {
      if (row.text(0) != "ok") found.damage.push_back(row.string(0));
    }
  } catch (const sqlite::Error& error) {
    if (!error.is_interrupt()) {
      if (!error.is_damage()) throw;
      found.damage.emplace_back(error.what());
    }
  }
  // What an interrupted check calls unused, it only has not come to.
  if (alarm.rang()) return {.complete = false, .damage = {}};
  return found;
}

Integrity check_ledger(const std::string& path, Depth depth, Duration patience) {
  sqlite::Connection connection(path, sqlite::Mode::read_only);
  try {
    ledger_version(connection);
  } catch (const sqlite::Error& error) {
    if (!error.is_damage()) throw;
    return {.complete = true, .damage = {error.what()}};
  }
  return check(connection, depth, patience);
}

}  // namespace belfry::ledger
