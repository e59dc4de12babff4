#include "observe/log_writer.hpp"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "async/no_signals.hpp"

namespace belfry::observe {

namespace {

constexpr std::chrono::milliseconds kPatience{1000};

/// How long the first line of a batch waits for company: a thousand jobs a second wake the thread a few times, not a
/// few thousand times.
constexpr std::chrono::milliseconds kGathering{5};

}  // namespace

LogWriter::LogWriter(int fd, std::size_t capacity) : fd_(fd), capacity_(capacity) {
  const async::NoSignals guard;
  thread_ = std::thread([this] { serve(); });
}

LogWriter::~LogWriter() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  filled_.notify_one();
  hurry_.notify_one();
  thread_.join();
}

void LogWriter::push(std::string line) {
  bool first = false;
  bool hurry = false;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= capacity_) {
      queue_.pop_front();
      dropped_.fetch_add(1, std::memory_order_relaxed);
    }
    first = queue_.empty();
    queue_.push_back(std::move(line));
    hurry = queue_.size() == capacity_ / 2;
  }
  if (first) filled_.notify_one();
  if (hurry) hurry_.notify_one();
}

void LogWriter::flush() {
  std::unique_lock lock(mutex_);
  ++flushing_;
  hurry_.notify_one();
  drained_.wait(lock, [this] { return queue_.empty() && !writing_; });
  --flushing_;
}

void LogWriter::serve() {
  ::pthread_setname_np(::pthread_self(), "belfry-log");
  std::unique_lock lock(mutex_);
  while (true) {
    filled_.wait(lock, [this] { return closing_ || !queue_.empty(); });
    if (queue_.empty()) return;
    hurry_.wait_for(lock, kGathering, [this] { return closing_ || flushing_ > 0 || queue_.size() >= capacity_ / 2; });
    std::deque<std::string> batch;
    batch.swap(queue_);
    writing_ = true;
    lock.unlock();
    for (const std::string& line : batch) {
      if (!write_all(line)) dropped_.fetch_add(1, std::memory_order_relaxed);
    }
    lock.lock();
    writing_ = false;
    if (queue_.empty()) drained_.notify_all();
  }
}

/// A pipe that is ready takes PIPE_BUF bytes without blocking (pipe(7)), so the pieces are no longer than that. After a
/// line that nobody read in time, the next ones are tried without patience until one goes through.
bool LogWriter::write_all(const std::string& line) {
  std::size_t done = 0;
  while (done < line.size()) {
    pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
    const int found = ::poll(&ready, 1, stuck_ ? 0 : static_cast<int>(kPatience.count()));
    if (found < 0 && errno == EINTR) continue;
    stuck_ = found <= 0;
    if (stuck_) return false;
    const ssize_t written = ::write(fd_, line.data() + done, std::min<std::size_t>(line.size() - done, PIPE_BUF));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written < 0) return false;
    done += static_cast<std::size_t>(written);
  }
  return true;
}

void LogWriterSink::sink_it_(const spdlog::details::log_msg& message) {
  writer_.push(std::string(message.payload.data(), message.payload.size()));
}

}  // namespace belfry::observe
