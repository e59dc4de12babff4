#include "daemon/control/backup_worker.hpp"

#include <pthread.h>

#include <exception>
#include <nlohmann/json.hpp>

#include "async/no_signals.hpp"
#include "daemon/control/api_error.hpp"
#include "daemon/control/json_text.hpp"

namespace belfry::daemon {

BackupWorker::~BackupWorker() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void BackupWorker::start(const std::string& path, const Exchange& exchange) {
  if (busy_) throw ApiError(409, "refused", "a backup is being made already; try again when it is complete");
  if (thread_.joinable()) thread_.join();
  busy_ = true;
  const async::NoSignals guard;
  thread_ = std::thread([this, path, exchange] { copy(path, exchange); });
  pthread_setname_np(thread_.native_handle(), "backup");
}

void BackupWorker::copy(const std::string& path, const Exchange& exchange) {
  Reply reply;
  try {
    const std::uint64_t bytes = ledger_.backup(path, [this] { return stop_.load(); });
    reply = {.status = 201, .body = to_text({{"path", path}, {"bytes", bytes}})};
  } catch (const std::exception& error) {
    reply = error_reply(500, "internal", error.what());
  }
  busy_ = false;  // before the answer: who got it may ask for the next one
  exchange.reply(std::move(reply));
}

}  // namespace belfry::daemon
