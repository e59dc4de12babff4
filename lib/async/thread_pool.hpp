// ThreadPool: blocking functions on threads of our own, awaited by tasks. libuv's pool stays with libuv: a job that
// blocks there for a minute would block every file operation behind it.
//
//   ThreadPool pool(ThreadPoolOptions("native").threads(4));
//   const std::string digest = co_await pool.run(sha256_of_file, path);
//
// A pool may be used from several loops; every member may be called from any thread, except that run() must be awaited
// on a loop and the destructor blocks its caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "async/loop_stats.hpp"
#include "async/semaphore.hpp"
#include "async/task.hpp"
#include "async/thread_pool_call.hpp"

namespace belfry::async {

/// run() was called while queue_limit functions were already waiting for a thread; nothing was queued.
class ThreadPoolFull : public std::runtime_error {
 public:
  explicit ThreadPoolFull(const std::string& pool);
};

/// The pool was closed before the function had begun; it did not run and will not.
class ThreadPoolClosed : public std::runtime_error {
 public:
  explicit ThreadPoolClosed(const std::string& pool);
};

class ThreadPoolOptions {
 public:
  /// `name` names the threads ("name-1", cut to the 15 characters the kernel keeps) and the statistics.
  explicit ThreadPoolOptions(std::string name) : name_(std::move(name)) {}

  /// At most that many threads at work (>= 1), abandoned ones not counted. None starts before the first function, which
  /// starts up to four; each further one starts when it is needed.
  ThreadPoolOptions& threads(std::size_t count) { return threads_ = count, *this; }
  /// At most that many functions waiting for a thread; run() beyond that throws ThreadPoolFull.
  ThreadPoolOptions& queue_limit(std::size_t count) { return queue_limit_ = count, *this; }
  /// At most that many abandoned threads at a time; beyond that OnCancel::abandon waits like OnCancel::wait.
  ThreadPoolOptions& abandoned_limit(std::size_t count) { return abandoned_limit_ = count, *this; }

  const std::string& name() const noexcept { return name_; }
  std::size_t threads() const noexcept { return threads_; }
  std::size_t queue_limit() const noexcept { return queue_limit_; }
  std::size_t abandoned_limit() const noexcept { return abandoned_limit_; }

 private:
  std::string name_;
  std::size_t threads_ = 4;
  std::size_t queue_limit_ = 10'000;
  std::size_t abandoned_limit_ = 4;
};

struct ThreadPoolStats {
  std::size_t threads = 0;         ///< alive, abandoned ones included
  std::size_t busy = 0;            ///< running a function somebody waits for
  std::size_t queued = 0;          ///< functions waiting for a thread
  std::size_t abandoned = 0;       ///< threads whose function nobody waits for any more
  std::uint64_t completed = 0;     ///< functions that ended, by a result or an exception, abandoned ones included
  std::uint64_t withdrawn = 0;     ///< cancelled before a thread took them: they never ran
  std::uint64_t rejected = 0;      ///< refused because the queue was full
  std::uint64_t abandonments = 0;  ///< functions ever abandoned
  DurationHistogram waits;         ///< how long functions waited for a thread
};

class ThreadPool {
 public:
  /// Starts no thread yet. Throws std::invalid_argument when the options allow no thread.
  explicit ThreadPool(ThreadPoolOptions options);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  /// close(), then waits for the running functions; not for the abandoned ones, whose threads are left to end alone.
  ~ThreadPool();

  /// Runs function(args...) on a thread and gives what it returns or rethrows what it throws; resumes on the loop, and
  /// one wake of the loop brings all that has ended. The function and the arguments are moved or copied in, like
  /// std::thread's. A function that takes a std::stop_token first gets one, stopped when the task is cancelled.
  /// Full queue: throws ThreadPoolFull at once, as whoever awaits is queueing already and more callers only hide it.
  /// Cancellation: a function that no thread has taken yet never runs; for one that runs see OnCancel. A result that
  /// was there before the cancellation is returned.
  /// Throws ThreadPoolClosed after close(), std::system_error when not even one thread can be started.
  template <class F, class... Args>
    requires(!std::is_same_v<F, OnCancel> && !std::is_same_v<F, Semaphore>)
  Task<detail::ThreadResult<F, Args...>> run(F function, Args... args) {
    return run(OnCancel::wait, std::move(function), std::move(args)...);
  }
  template <class F, class... Args>
  Task<detail::ThreadResult<F, Args...>> run(OnCancel on_cancel, F function, Args... args);

  /// The same with a limit of its own kind for these calls, beside that of the pool: waits for a permit first, and
  /// holds it until the await ends. So many callers wait in its queue, not in the pool's. An abandoned
  /// function counts no longer: abandoned_limit bounds those. REQUIRES: the semaphore outlives the await.
  template <class... FunctionAndArgs>
  auto run(Semaphore& limit, FunctionAndArgs... function_and_args) -> decltype(run(std::move(function_and_args)...));

  /// From now on run() throws ThreadPoolClosed, and so do the tasks whose function has not begun.
  void close() noexcept;

  ThreadPoolStats stats() const;
  const std::string& name() const noexcept;

 private:
  std::shared_ptr<detail::ThreadPoolCore> core_;
};

template <class F, class... Args>
Task<detail::ThreadResult<F, Args...>> ThreadPool::run(OnCancel on_cancel, F function, Args... args) {
  auto& ended = *new detail::FunctionCall<F, Args...>(std::move(function), std::move(args)...);
  const detail::CallRef call(&ended);
  co_await detail::ThreadWait(core_, call, on_cancel);
  co_return ended.take();
}

template <class... FunctionAndArgs>
auto ThreadPool::run(Semaphore& limit, FunctionAndArgs... function_and_args)
    -> decltype(run(std::move(function_and_args)...)) {
  const Semaphore::Permit permit = co_await limit.acquire();
  co_return co_await run(std::move(function_and_args)...);
}

/// pool.run(...) in asyncio's words: `co_await to_thread(pool, function, args...)`, with an OnCancel before the
/// function if need be.
template <class... FunctionAndArgs>
auto to_thread(ThreadPool& pool, FunctionAndArgs... function_and_args) {
  return pool.run(std::move(function_and_args)...);
}
template <class... FunctionAndArgs>
auto to_thread(ThreadPool& pool, Semaphore& limit, FunctionAndArgs... function_and_args) {
  return pool.run(limit, std::move(function_and_args)...);
}

/// The pool of the process for those who name none, with as many threads as asyncio's: min(32, processors + 4). It is
/// started when it is first used and closed at exit, which waits for its running functions. Any thread.
ThreadPool& default_thread_pool();

/// As asyncio.to_thread: on default_thread_pool().
template <class F, class... Args>
  requires(!std::is_same_v<F, ThreadPool>)
auto to_thread(F function, Args... args) {
  return default_thread_pool().run(std::move(function), std::move(args)...);
}

}  // namespace belfry::async
