// Threads that all actions of a kind share: made by the first who needs them, gone with the last who holds them, so
// that the daemon leaves no thread behind.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

#include "async/thread_pool.hpp"

namespace belfry::jobs {

class SharedPool {
 public:
  /// `name`: of the threads, a literal.
  SharedPool(const char* name, std::size_t threads) : name_(name), threads_(threads) {}

  /// Hold on to it for as long as it is of use. Any thread. Throws std::system_error when there are no threads.
  std::shared_ptr<async::ThreadPool> get() {
    const std::scoped_lock lock(mutex_);
    auto pool = shared_.lock();
    if (!pool) {
      pool = std::make_shared<async::ThreadPool>(async::ThreadPoolOptions(name_).threads(threads_));
      shared_ = pool;
    }
    return pool;
  }

 private:
  const char* name_;
  std::size_t threads_;
  std::mutex mutex_;
  std::weak_ptr<async::ThreadPool> shared_;
};

}  // namespace belfry::jobs
