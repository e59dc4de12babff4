// JournalFeed: records for the journal from those who must not wait for it.
//
// A bounded queue and a thread that sends. The thread begins with the first record, so that nobody pays for what he
// does not use.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "io/journal.hpp"

namespace belfry::io {

/// Any thread.
class JournalFeed {
 public:
  /// At most so many bytes of records wait.
  static constexpr std::size_t most_waiting = std::size_t{4} << 20U;

  explicit JournalFeed(std::string path = journal_socket) : connection_(std::move(path)) {}
  JournalFeed(const JournalFeed&) = delete;
  JournalFeed& operator=(const JournalFeed&) = delete;
  /// What waits is sent if that takes no longer than a second; the rest is dropped.
  ~JournalFeed();

  /// Takes a record (add_journal_field); never waits for the journal. What does not fit into the queue, and what nobody
  /// listens for, is dropped and counted.
  void send(std::string record) noexcept;

  std::uint64_t sent() const noexcept { return sent_.load(std::memory_order_relaxed); }
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  bool push(std::string&& record);
  void serve();
  bool pass_on(const std::string& record);

  JournalConnection connection_;  // the thread's
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool over_ = false;
  std::thread thread_;
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
};

}  // namespace belfry::io
