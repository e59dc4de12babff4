#include "io/journal_feed.hpp"

#include <pthread.h>

#include <chrono>
#include <exception>
#include <utility>

#include "async/no_signals.hpp"

namespace belfry::io {

namespace {

using namespace std::chrono_literals;

constexpr auto attention = 100ms;   // how long the thread may take to notice that it shall end
constexpr auto last_patience = 1s;  // for all that waits then

}  // namespace

JournalFeed::~JournalFeed() {
  {
    const std::scoped_lock lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void JournalFeed::send(std::string record) noexcept {
  try {
    if (push(std::move(record))) return;
  } catch (const std::exception&) {  // no memory, no thread
  }
  dropped_.fetch_add(1, std::memory_order_relaxed);
}

bool JournalFeed::push(std::string&& record) {
  const std::scoped_lock lock(mutex_);
  if (over_ || waiting_bytes_ + record.size() > most_waiting) return false;
  if (!thread_.joinable()) {
    const async::NoSignals none;
    thread_ = std::thread([this] { serve(); });
  }
  waiting_bytes_ += record.size();
  waiting_.push_back(std::move(record));
  if (waiting_.size() == 1) changed_.notify_one();
  return true;
}

void JournalFeed::serve() {
  ::pthread_setname_np(::pthread_self(), "journal");
  connection_.connect();
  std::unique_lock lock(mutex_);
  std::chrono::steady_clock::time_point end{};
  for (;;) {
    changed_.wait(lock, [this] { return over_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const auto now = std::chrono::steady_clock::now();
    if (over_ && end == decltype(end)()) end = now + last_patience;
    if (over_ && now >= end) {
      dropped_.fetch_add(waiting_.size(), std::memory_order_relaxed);
      return;
    }
    const std::string& record = waiting_.front();  // only this thread takes it away; a deque leaves it where it is
    lock.unlock();
    const bool done = pass_on(record);
    lock.lock();
    if (!done) continue;
    waiting_bytes_ -= waiting_.front().size();
    waiting_.pop_front();
  }
}

/// False: there was no room yet.
bool JournalFeed::pass_on(const std::string& record) {
  const JournalSent result = connection_.send(record, attention);
  if (result == JournalSent::not_in_time) return false;
  (result == JournalSent::yes ? sent_ : dropped_).fetch_add(1, std::memory_order_relaxed);
  return true;
}

}  // namespace belfry::io
