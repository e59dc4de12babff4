// ProcessPool: functions in other processes, awaited by tasks. For what may crash, leak, must be killed, or holds a
// lock of the whole process; what merely blocks belongs into an async::ThreadPool.
//
//   ProcessPool pool(ProcessPoolOptions("images").workers(4));
//   SharedMemory picture(bytes);
//   const std::string size = co_await pool.run("shrink", "640x480", ProcessCall().share(picture));
//
// A worker is this very program, started again (/proc/self/exe: the same build, even if the file was replaced) with a
// flag that main() looks for: see process_pool_worker.hpp. Why not fork? A fork of a process with threads inherits the
// locks that they hold, so it may not even call malloc; a fork server would have to be started before the first thread,
// by every program that might want a pool, and could not see what was set up later. An exec costs some milliseconds
// once for each worker, is safe at any time, also when one is replaced after days, and inherits nothing but its socket.
//
// Loop thread only. While a pool lives, a manual clock does not jump (its processes are the world outside).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/clock.hpp"
#include "async/semaphore.hpp"
#include "async/task.hpp"
#include "io/shared_memory.hpp"

namespace belfry::io {

/// The first argument of a worker.
inline constexpr std::string_view worker_flag = "--belfry-worker";

/// The function threw in the worker, which goes on; what() is what it said.
class WorkerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The worker ended, or sent what is no answer and was killed, while it ran the function. It has been replaced.
class WorkerDied : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The pool was closed before the function began.
class ProcessPoolClosed : public std::runtime_error {
 public:
  explicit ProcessPoolClosed(const std::string& pool);
};

/// What a cancelled task does about its function when that is already running.
enum class OnProcessCancel : std::uint8_t {
  kill,  ///< the default: kills the worker and its process group, throws Cancelled at once; the worker is replaced
  wait,  ///< waits until the function has ended, then throws Cancelled; its result is dropped
};

class ProcessPoolOptions {
 public:
  /// `name` is for people.
  explicit ProcessPoolOptions(std::string name) : name_(std::move(name)) {}
  /// How many (>= 1); each runs one function at a time. Default 2.
  ProcessPoolOptions& workers(std::size_t count) noexcept { return workers_ = count, *this; }
  /// Another program than this one whose main() calls run_worker().
  ProcessPoolOptions& program(std::string path) { return program_ = std::move(path), *this; }
  /// Longest argument, and longest result, in bytes. Default 16 MiB, at most 1 GiB: what is big goes by SharedMemory.
  ProcessPoolOptions& message_limit(std::size_t bytes) noexcept { return message_limit_ = bytes, *this; }

 private:
  friend class ProcessPool;
  std::string name_;
  std::string program_ = "/proc/self/exe";
  std::size_t workers_ = 2;
  std::size_t message_limit_ = std::size_t{16} << 20;
};

/// How one call is made.
class ProcessCall {
 public:
  ProcessCall() = default;
  /// The function sees this memory as its next buffer, at most 32. REQUIRES: it outlives the await.
  ProcessCall& share(const SharedMemory& memory) { return descriptors_.push_back(memory.fd()), *this; }
  ProcessCall& on_cancel(OnProcessCancel choice) noexcept { return on_cancel_ = choice, *this; }

 private:
  friend class ProcessPool;
  std::vector<int> descriptors_;
  OnProcessCancel on_cancel_ = OnProcessCancel::kill;
};

struct ProcessPoolStats {
  std::size_t workers = 0;      ///< alive, as far as is known
  std::size_t busy = 0;         ///< running a function
  std::size_t waiting = 0;      ///< tasks that wait for a worker
  std::uint64_t completed = 0;  ///< functions that returned or threw
  std::uint64_t died = 0;       ///< workers that ended by themselves or were killed for what they sent
  std::uint64_t killed = 0;     ///< workers killed because their task was cancelled
};

namespace detail {
class PoolWorker;
}

class ProcessPool {
 public:
  /// Starts all workers at once, so the first calls need not wait for an exec. On a loop. Throws std::invalid_argument
  /// for options out of range, std::runtime_error when there can be no more processes. A program that is not there is
  /// told by the first call.
  explicit ProcessPool(ProcessPoolOptions options);
  ProcessPool(const ProcessPool&) = delete;
  ProcessPool& operator=(const ProcessPool&) = delete;
  /// Kills the workers. Where they shall end by themselves, aclose() first. REQUIRES: no run() is under way.
  ~ProcessPool();

  /// Runs the function in a worker, when one is free and all who came before have theirs, and gives what it returns.
  /// Resumes on the loop. Throws WorkerError, WorkerDied (also when the worker cannot be replaced), ProcessPoolClosed;
  /// std::length_error, before anything is sent, for too long an argument or too many buffers. A function may have run,
  /// wholly or in part, when its worker died. Cancelled while waiting: it never runs; else see OnProcessCancel.
  async::Task<std::string> run(std::string function, std::string argument = {}, ProcessCall call = {});

  /// No more calls; waits for those that run, lets the workers end, and takes their status. A worker that has not ended
  /// after `grace` is killed. Cancelled: throws, the destructor kills the rest. Once.
  async::Task<> aclose(async::Duration grace = std::chrono::seconds(5));

  ProcessPoolStats stats() const noexcept;

 private:
  class Busy;
  using Worker = std::unique_ptr<detail::PoolWorker>;

  Worker start_worker() const;
  Worker& usable(std::size_t index);
  async::Task<> replace(std::size_t index, std::string& status);

  ProcessPoolOptions options_;
  async::Semaphore free_;
  std::vector<Worker> workers_;    // null: could not be replaced; tried again by the next call
  std::vector<std::size_t> idle_;  // the last one used first: its caches are warm
  ProcessPoolStats stats_;
  bool closed_ = false;
};

}  // namespace belfry::io
