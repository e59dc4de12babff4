// db backup, db restore, db check, db vacuum: the daemon copies its ledger while it runs; the rest is done here, on the
// folder of a daemon that does not.

#include <filesystem>
#include <string>

#include "daemon/cli/commands.hpp"
#include "ledger/backup.hpp"
#include "ledger/integrity.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr time::Duration no_hurry = std::chrono::days{365};

/// The ledger of the folder. Throws CommandError when the folder has none.
std::string ledger_in(const std::string& state_dir) {
  const fs::path path = fs::absolute(fs::path(state_dir)) / "ledger.db";
  std::error_code error;
  if (fs::exists(path, error)) return path;
  throw CommandError(kFailure, path.string() + ": there is no ledger here" +
                                   (error ? " (" + error.message() + ")" : "") +
                                   "; --state-dir names the folder in which the daemon keeps it");
}

/// What `work` returns; the ledger's errors become the client's.
template <class Work>
auto offline(Work work) try {
  return work();
} catch (const ledger::LedgerInUse& error) {
  throw CommandError(kRefused, error.what());
} catch (const ledger::LedgerError& error) {
  throw CommandError(kFailure, error.what());
}

}  // namespace

int db_backup(Session& session, const DbOptions& options) {
  const std::string target = fs::absolute(options.file);
  json answer;
  if (options.state_dir.empty()) {
    answer = session.client.post("/v1/ledger/backup", {{"path", target}}, Patience::endless);
  } else {
    const auto copied = offline([&] { return ledger::backup_ledger(ledger_in(options.state_dir), target); });
    answer = {{"path", target}, {"bytes", copied}};
  }
  if (session.json) {
    print_json(answer);
  } else {
    print("The ledger is backed up in " + printable(target) + " (" + bytes(answer.value("bytes", 0.0)) + ").\n");
  }
  return kOk;
}

int db_restore(Session& session, const DbOptions& options) {
  const std::string path = fs::absolute(fs::path(options.state_dir)) / "ledger.db";
  const ledger::Restored done = offline([&] { return ledger::restore_ledger(options.file, path); });
  if (session.json) {
    print_json({{"path", path},
                {"bytes", done.bytes},
                {"replaced", done.replaced.empty() ? json(nullptr) : json(done.replaced)}});
  } else {
    print(printable(path) + " is the ledger of " + printable(options.file) + " now (" +
          bytes(static_cast<double>(done.bytes)) + ").\n" +
          (done.replaced.empty() ? "" : "What was there before is kept as " + printable(done.replaced) + ".\n"));
  }
  return kOk;
}

int db_check(Session& session, const DbOptions& options) {
  const std::string path = ledger_in(options.state_dir);
  const ledger::Integrity found = offline([&] { return check_ledger(path, ledger::Depth::full, no_hurry); });
  if (session.json) {
    print_json({{"path", path}, {"sound", found.is_sound()}, {"damage", found.damage}});
  } else if (found.is_sound()) {
    print(printable(path) + " is sound.\n");
  } else {
    std::string text = printable(path) + " is damaged:\n";
    for (const std::string& line : found.damage) text += "  " + harmless(line) + "\n";
    print(text + "Put a backup in its place with `belfry db restore`.\n");
  }
  return found.is_sound() ? kOk : kFailure;
}

int db_vacuum(Session& session, const DbOptions& options) {
  const std::string path = ledger_in(options.state_dir);
  const ledger::Vacuumed done = offline([&] { return ledger::vacuum_ledger(path); });
  if (session.json) {
    print_json({{"path", path}, {"bytes_before", done.bytes_before}, {"bytes_after", done.bytes_after}});
  } else {
    print(printable(path) + " took " + bytes(static_cast<double>(done.bytes_before)) + " and takes " +
          bytes(static_cast<double>(done.bytes_after)) + " now.\n");
  }
  return kOk;
}

}  // namespace belfry::daemon::cli
