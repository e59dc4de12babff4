// What a ThreadPool, its threads and the calls in flight share: the queue, the threads, and the way back to the loops.
// Not for use outside lib/async; see thread_pool.hpp.
//
//   task:   submit() -> queue -> a thread -> execute() -> finished[loop] -> deliver() on the loop -> task
//   cancel: release() takes it out of the queue or lets a running one go; forget(): the task's frame is gone
//
// Everything below is guarded by one mutex, held for a few instructions, with one exception that is on purpose: the
// loop is woken under it. A loop that sees a finished call has had to take the mutex, so the thread that woke it has
// left the loop for good, and the resumed task may end and destroy that loop.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "async/thread_pool.hpp"
#include "async/thread_pool_call.hpp"

namespace belfry::async::detail {

/// What became of a cancelled task's call.
enum class Release : std::uint8_t {
  released,  ///< nothing will be delivered
  running,   ///< it runs and will be delivered
  ended,     ///< it has ended before, and will be delivered
};

class ThreadPoolCore : public std::enable_shared_from_this<ThreadPoolCore> {
 public:
  explicit ThreadPoolCore(ThreadPoolOptions options) : options_(std::move(options)) {}

  /// Queues the call. Throws ThreadPoolFull, ThreadPoolClosed, std::system_error when there is no thread and none can
  /// be started.
  void submit(const std::shared_ptr<ThreadCall>& call, Loop& loop);
  /// The waiting task is cancelled: takes the call out of the queue, or abandons it if asked to and within the limit.
  Release release(ThreadCall& call, OnCancel on_cancel) noexcept;
  /// The waiting task was destroyed: whatever the state, nothing will be delivered.
  void forget(ThreadCall& call) noexcept;

  void close() noexcept;
  /// Waits until no thread runs a function that is waited for, and joins all but the abandoned. After close().
  void join() noexcept;

  ThreadPoolStats stats() const;
  const ThreadPoolOptions& options() const noexcept { return options_; }

 private:
  struct Worker {
    std::thread thread;
    ThreadCall* running = nullptr;
    bool abandoned = false;
    bool left = false;  // it has done with the core
  };

  void start_thread();
  void work(std::list<Worker>::iterator self) noexcept;
  bool wait_for_call(std::unique_lock<std::mutex>& lock) noexcept;
  void run_first(Worker& self, std::unique_lock<std::mutex>& lock) noexcept;
  void leave(std::list<Worker>::iterator self) noexcept;
  void finish(ThreadCall::List& from) noexcept;
  void deliver(Loop* loop) noexcept;
  void withdraw(ThreadCall& call) noexcept;
  void let_go(ThreadCall& call) noexcept;
  bool may_start_thread() const noexcept { return stats_.threads - stats_.abandoned < options_.threads(); }
  bool has_surplus_thread() const noexcept { return stats_.threads - stats_.abandoned > options_.threads(); }

  const ThreadPoolOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable work_ready_;
  std::condition_variable thread_left_;
  ThreadCall::List queue_;
  std::map<Loop*, ThreadCall::List> finished_;  // not empty: a deliver() is on its way to that loop
  std::list<Worker> workers_;
  std::list<Worker> detached_;  // abandoned when the pool was joined
  std::size_t idle_ = 0;
  std::size_t waking_ = 0;  // of the idle: on their way to the queue
  std::size_t serial_ = 0;  // of the thread started last, for its name
  bool closed_ = false;
  ThreadPoolStats stats_;
};

}  // namespace belfry::async::detail
