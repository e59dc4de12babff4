// The public face; what happens is in thread_pool_core.cpp.
#include "async/thread_pool.hpp"

#include <algorithm>
#include <thread>

#include "async/thread_pool_core.hpp"

namespace belfry::async {

ThreadPoolFull::ThreadPoolFull(const std::string& pool)
    : std::runtime_error("thread pool " + pool + ": the queue is full; raise its limit or limit the callers") {}

ThreadPoolClosed::ThreadPoolClosed(const std::string& pool)
    : std::runtime_error("thread pool " + pool + " was closed before the function began") {}

ThreadPool::ThreadPool(ThreadPoolOptions options) {
  if (options.threads() == 0)
    throw std::invalid_argument("thread pool " + options.name() + " needs at least one thread");
  core_ = std::make_shared<detail::ThreadPoolCore>(std::move(options));
}

ThreadPool::~ThreadPool() {
  core_->close();
  core_->join();
}

void ThreadPool::close() noexcept { core_->close(); }

ThreadPoolStats ThreadPool::stats() const { return core_->stats(); }

ThreadPool& default_thread_pool() {
  constexpr unsigned most = 32;
  static ThreadPool pool(
      ThreadPoolOptions("to_thread").threads(std::min(most, std::thread::hardware_concurrency() + 4)));
  return pool;
}

const std::string& ThreadPool::name() const noexcept { return core_->options().name(); }

}  // namespace belfry::async
