// PoolWorker: one worker process of a ProcessPool and the socket to it. Not for use outside lib/io. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "io/fd.hpp"
#include "io/fd_watcher.hpp"
#include "io/process.hpp"
#include "io/process_pool_frame.hpp"

namespace belfry::io::detail {

/// The worker ended or sent what is no answer; what() says which.
class LinkBroken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class PoolWorker {
 public:
  /// Throws std::runtime_error when the program cannot be started, std::system_error.
  PoolWorker(const std::string& program, const std::string& pool, std::size_t message_limit);
  PoolWorker(const PoolWorker&) = delete;
  PoolWorker& operator=(const PoolWorker&) = delete;
  ~PoolWorker() = default;

  /// Whether the next call() can go to it: between two calls and not gone.
  bool usable() const noexcept;

  /// One call and its answer. Throws WorkerError; LinkBroken, and what else ends it half-way (Cancelled): then it is
  /// not usable any more.
  async::Task<std::string> call(std::string function, std::string argument, std::vector<int> descriptors);

  /// Nothing more will be sent: an idle worker ends by itself.
  void hang_up() noexcept;
  void kill() noexcept;
  /// Waits for its end and takes its status: "exited with status 3", "was killed by signal 11".
  async::Task<std::string> ended();

 private:
  struct Start {
    Fd socket;
    Process process;
  };
  static Start start(const std::string& program, const std::string& pool);
  PoolWorker(Start start, std::size_t message_limit);
  async::Task<> send(std::string bytes, std::vector<int> descriptors);
  async::Task<Frame> receive();

  Fd socket_;
  Process process_;
  FdWatcher watcher_;
  std::size_t message_limit_;
  std::uint32_t calls_ = 0;
  bool greeted_ = false;
  bool in_step_ = true;  // no call is half-way
};

}  // namespace belfry::io::detail
