// The one thread that writes the log, and its bounded queue: whoever logs never waits for a terminal, a pipe or a disk.
//
// spdlog's own asynchronous logger is not used: its thread wakes six times a minute in an idle daemon, and its end
// waits for ever behind a reader that stopped reading.
#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "observe/log_output.hpp"

namespace belfry::observe {

/// Any thread may push. When the queue is full the oldest line makes room and is counted.
class LogWriter {
 public:
  /// `capacity`: lines that may wait.
  LogWriter(std::unique_ptr<LogOutput> output, std::size_t capacity);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  /// Writes what is queued, but waits no longer than a second for a reader that does not read.
  ~LogWriter();

  /// Queues one line, its end of line included. Never blocks on the output. It is written within 5 ms.
  void push(std::string line);

  /// Returns once all that was queued before is written or given up.
  void flush();

  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  void serve();
  void write_some(std::deque<std::string>& batch);
  bool write(const std::string& lines);

  const std::unique_ptr<LogOutput> output_;
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable hurry_;
  std::condition_variable drained_;
  std::deque<std::string> queue_;
  int flushing_ = 0;  // threads in flush()
  bool writing_ = false;
  bool closing_ = false;
  bool stuck_ = false;  // the writer's thread only: nobody took the last line in time
  std::atomic<std::uint64_t> dropped_{0};
  std::thread thread_;  // last: it uses all of the above
};

/// Makes spdlog hand its lines to a LogWriter, which must outlive it. Any thread.
class LogWriterSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit LogWriterSink(LogWriter& writer) : writer_(writer) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}  // the writer keeps up by itself

 private:
  LogWriter& writer_;
};

}  // namespace belfry::observe
