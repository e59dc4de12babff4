#include "observe/log_writer.hpp"

#include <pthread.h>

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

LogWriter::LogWriter(std::unique_ptr<LogOutput> output, std::size_t capacity)
    : output_(std::move(output)), capacity_(capacity) {
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
    while (!batch.empty()) write_some(batch);
    lock.lock();
    writing_ = false;
    if (queue_.empty()) drained_.notify_all();
  }
}

/// A system call for each of a thousand lines a second would be the most expensive part of the log.
void LogWriter::write_some(std::deque<std::string>& batch) {
  std::string lines;
  std::uint64_t count = 0;
  do {
    lines += batch.front();
    batch.pop_front();
    ++count;
  } while (!batch.empty() && lines.size() + batch.front().size() <= output_->most_joined());
  if (!write(lines)) dropped_.fetch_add(count, std::memory_order_relaxed);
}

/// After lines that nobody took in time, the next ones are tried without patience until one goes through.
bool LogWriter::write(const std::string& lines) {
  const Written written = output_->write(lines, stuck_ ? std::chrono::milliseconds{0} : kPatience);
  stuck_ = written == Written::not_in_time;
  return written == Written::yes;
}

void LogWriterSink::sink_it_(const spdlog::details::log_msg& message) {
  writer_.push(std::string(message.payload.data(), message.payload.size()));
}

}  // namespace belfry::observe
