// What a ThreadPool, its threads and the calls in flight share: the queue, the
// threads, and the way back to the loops. Not for use outside lib/async; see
// thread_pool.hpp.
//
//   task:   submit() -> pending[loop] -flush()-> queue -> a thread ->
//   finished[loop] -deliver()-> task cancel: release() takes it out of the
//   queue or lets a running one go; forget(): the task's frame is gone
//
// Both ways go in batches, as one function takes less time than a lock, a wake
// and a sleep: what the tasks of one batch of the loop submit is queued at once
// behind that batch (or 32 at a time), with one look at the mutex and one
// thread woken, which wakes the next if it leaves something in the queue; and a
// loop is woken for the first of what has ended. Everything is guarded by one
// mutex, held for a few instructions, except the pending calls, which are the
// loop's.
#pragma once

#include <atomic>
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

class Inbox;

/// What became of a cancelled task's call.
enum class Release : std::uint8_t {
  released,  ///< nothing will be delivered
  running,   ///< it runs and will be delivered
  ended,     ///< it has ended before, and will be delivered
};

/// A loop, as a pool sees it. A later loop at the same address takes it over.
struct LoopEnd {
  CallList pending;               // loop thread only; not empty: a flush() is on its way
  std::size_t queued = 0;         // loop thread only: in the queue after the last flush()
  std::shared_ptr<Inbox> inbox;   // outlives its loop: a thread may come late with its post
  alignas(64) CallList finished;  // not empty: a deliver() is on its way
};

class ThreadPoolCore : public std::enable_shared_from_this<ThreadPoolCore> {
 public:
  explicit ThreadPoolCore(ThreadPoolOptions options);

  /// Queues the call. Throws ThreadPoolFull, ThreadPoolClosed. What goes wrong
  /// later is the result of the call: ThreadPoolClosed, std::system_error when
  /// there is no thread and none can be started. Loop thread.
  void submit(const CallRef& call, Loop& loop);
  /// The waiting task is cancelled: takes the call out of the queue, or
  /// abandons it if asked to and within the limit.
  Release release(ThreadCall& call, OnCancel on_cancel) noexcept;
  /// The waiting task was destroyed: whatever the state, nothing will be
  /// delivered.
  void forget(ThreadCall& call) noexcept;

  void close() noexcept;
  /// Waits until no thread runs a function that is waited for, and joins all
  /// but the abandoned. After close().
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

  static constexpr std::size_t most_pending = 32;
  // Idle threads are woken in turn, so one call at a time meets threads on all processors. A single thread stays where
  // it happens to be: beside the loop, or behind a sleeping processor, whose wake costs ten times the rest of the way.
  static constexpr std::size_t first_threads = 4;

  LoopEnd& end_of(Loop& loop);
  void check_room(LoopEnd& end);
  void flush(LoopEnd& end) noexcept;
  bool queue_up(LoopEnd& end) noexcept;
  void refuse_queue(const std::exception_ptr& error) noexcept;
  bool wake_next() noexcept;
  void start_thread();
  void work(std::list<Worker>::iterator self) noexcept;
  bool wait_for_call(std::unique_lock<std::mutex>& lock) noexcept;
  void run_first(Worker& self, std::unique_lock<std::mutex>& lock) noexcept;
  void leave(std::list<Worker>::iterator self) noexcept;
  bool finish(CallRef call) noexcept;
  void post_delivery(const std::shared_ptr<Inbox>& inbox, LoopEnd& end) noexcept;
  void deliver(LoopEnd& end) noexcept;
  void withdraw(ThreadCall& call, CallList& from) noexcept;
  void let_go(ThreadCall& call) noexcept;
  bool may_start_thread() const noexcept { return stats_.threads - stats_.abandoned < options_.threads(); }
  bool has_surplus_thread() const noexcept { return stats_.threads - stats_.abandoned > options_.threads(); }

  const ThreadPoolOptions options_;
  const std::uint64_t serial_of_core_;
  std::atomic<bool> closed_ = false;
  alignas(64) mutable std::mutex mutex_;  // what is above is only read
  std::condition_variable work_ready_;
  std::condition_variable thread_left_;
  CallList queue_;
  std::map<Loop*, LoopEnd> ends_;
  std::list<Worker> workers_;
  std::list<Worker> detached_;  // abandoned when the pool was joined
  std::size_t idle_ = 0;
  std::size_t waking_ = 0;  // of the idle: on their way to the queue
  std::size_t serial_ = 0;  // of the thread started last, for its name
  ThreadPoolStats stats_;
};

}  // namespace belfry::async::detail
