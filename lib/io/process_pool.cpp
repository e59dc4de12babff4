#include "io/process_pool.hpp"

#include <algorithm>
#include <exception>
#include <optional>

#include "async/cancel.hpp"
#include "async/gather.hpp"
#include "async/result.hpp"
#include "async/spawn.hpp"
#include "async/timeout.hpp"
#include "io/process_pool_frame.hpp"
#include "io/process_pool_link.hpp"

namespace belfry::io {

namespace {

constexpr std::size_t largest_message_limit = std::size_t{1} << 30;
constexpr async::Duration until_it_ends = async::Duration::max();
constexpr async::Duration burial_grace = std::chrono::seconds(10);  // for the end of a process that was killed

/// Takes the status of a killed worker, so that it does not stay a zombie.
async::Task<> bury(std::unique_ptr<detail::PoolWorker> worker) {
  (void)co_await async::shielded(worker->ended(), burial_grace);
}

/// The words of a broken link; nothing for any other end.
std::optional<std::string> broken(const std::exception_ptr& error) {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const detail::LinkBroken& link) {
    return link.what();
  } catch (...) {
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

ProcessPoolClosed::ProcessPoolClosed(const std::string& pool)
    : std::runtime_error("process pool " + pool + " was closed before the function began") {}

/// The worker belongs to one call; free again also when the call's frame is destroyed.
class ProcessPool::Busy {
 public:
  explicit Busy(ProcessPool& pool) : pool_(pool), index_(pool.idle_.back()) { pool.idle_.pop_back(); }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() { pool_.idle_.push_back(index_); }
  std::size_t index() const noexcept { return index_; }

 private:
  ProcessPool& pool_;
  std::size_t index_;
};

ProcessPool::ProcessPool(ProcessPoolOptions options) : options_(std::move(options)), free_(options_.workers_) {
  if (options_.workers_ == 0) throw std::invalid_argument("process pool " + options_.name_ + " needs a worker");
  if (options_.message_limit_ > largest_message_limit) {
    throw std::invalid_argument("process pool " + options_.name_ + ": messages of more than 1 GiB go by SharedMemory");
  }
  idle_.reserve(options_.workers_);
  for (std::size_t i = 0; i < options_.workers_; ++i) {
    workers_.push_back(start_worker());
    idle_.push_back(options_.workers_ - 1 - i);
  }
}

ProcessPool::~ProcessPool() = default;

ProcessPool::Worker ProcessPool::start_worker() const {
  return std::make_unique<detail::PoolWorker>(options_.program_, options_.name_, options_.message_limit_);
}

async::Task<std::string> ProcessPool::run(std::string function, std::string argument, ProcessCall call) {
  if (argument.size() > options_.message_limit_ || function.size() > detail::longest_name ||
      call.descriptors_.size() > detail::most_buffers) {
    throw std::length_error("process pool " + options_.name_ + ": the argument of " +
                            function.substr(0, detail::longest_name) + " is over the limit of " +
                            std::to_string(options_.message_limit_) +
                            " bytes and 32 buffers; share it as SharedMemory");
  }
  if (closed_) throw ProcessPoolClosed(options_.name_);
  const async::Semaphore::Permit permit = co_await free_.acquire();
  if (closed_) throw ProcessPoolClosed(options_.name_);
  const Busy busy(*this);
  Worker& worker = usable(busy.index());
  async::Task<std::string> exchange = worker->call(function, std::move(argument), std::move(call.descriptors_));
  if (call.on_cancel_ == OnProcessCancel::wait) exchange = async::shielded(std::move(exchange), until_it_ends);
  async::Result<std::string> answer;
  co_await async::detail::keep_result(std::move(exchange), answer);
  const std::optional<std::string> why = broken(answer.error());
  if (why || async::is_cancelled(answer.error())) {
    std::string status;
    co_await replace(busy.index(), status);
    async::check_cancelled();
    if (why) throw WorkerDied("the worker that ran " + function + " failed: " + *why + " (" + status + ")");
  } else {
    ++stats_.completed;
  }
  if (call.on_cancel_ == OnProcessCancel::wait) async::check_cancelled();
  co_return answer.take();
}

/// A worker that can be called; one that died while it was idle is replaced.
ProcessPool::Worker& ProcessPool::usable(std::size_t index) {
  Worker& worker = workers_[index];
  if (worker && worker->usable()) return worker;
  if (worker) {
    ++stats_.died;
    worker->kill();
    async::spawn(bury(std::exchange(worker, nullptr)), "process pool burial").detach();
  }
  try {
    worker = start_worker();
  } catch (const std::exception& error) {
    throw WorkerDied(error.what());
  }
  return worker;
}

/// The worker is of no use any more: killed, and replaced at once. A cancelled caller does not wait for its status.
async::Task<> ProcessPool::replace(std::size_t index, std::string& status) {
  Worker gone = std::exchange(workers_[index], nullptr);
  gone->kill();
  try {
    if (!closed_) workers_[index] = start_worker();
  } catch (const std::exception&) {
    // the next call tries again, and tells
  }
  bool cancelled = false;
  try {
    async::check_cancelled();
  } catch (const async::Cancelled&) {
    cancelled = true;
  }
  ++(cancelled ? stats_.killed : stats_.died);
  if (cancelled) {
    async::spawn(bury(std::move(gone)), "process pool burial").detach();
    co_return;
  }
  status = co_await async::shielded(gone->ended(), burial_grace);
}

async::Task<> ProcessPool::aclose(async::Duration grace) {
  closed_ = true;
  std::vector<async::Semaphore::Permit> all;
  while (all.size() < options_.workers_) all.push_back(co_await free_.acquire());
  for (const Worker& worker : workers_) {
    if (worker) worker->hang_up();
  }
  for (Worker& worker : workers_) {
    if (!worker) continue;
    const auto status = co_await async::move_on_after(grace, worker->ended());
    if (!status) {
      worker->kill();
      (void)co_await worker->ended();
    }
    worker.reset();
  }
}

ProcessPoolStats ProcessPool::stats() const noexcept {
  ProcessPoolStats stats = stats_;
  const async::SemaphoreStats free = free_.statistics();
  stats.workers =
      static_cast<std::size_t>(std::ranges::count_if(workers_, [](const Worker& worker) { return !!worker; }));
  stats.busy = workers_.size() - idle_.size();
  stats.waiting = free.waiting;
  return stats;
}

}  // namespace belfry::io
