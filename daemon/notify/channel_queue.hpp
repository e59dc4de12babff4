// The messages that wait for one channel, and their delivery: one after the other, with pauses between tries.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/event.hpp"
#include "async/task.hpp"
#include "daemon/notify/delivery_log.hpp"
#include "daemon/notify/notify_counts.hpp"
#include "daemon/notify/sender.hpp"

namespace belfry::daemon {

/// Loop thread only. Bounded: a message that finds no room drives out the oldest one.
class ChannelQueue {
 public:
  /// Beside the number of messages that may wait: the outputs in them.
  static constexpr std::size_t most_bytes = std::size_t{8} << 20U;

  /// Is told what became of a message: it was delivered, or given up. Not of those whose place a newer one took, and
  /// not of those that are dropped at the end.
  using Listener = std::function<void(const Notice& notice, bool delivered)>;

  /// `log` and `hurry` must outlive it. While `hurry` is set there are no pauses between tries.
  ChannelQueue(Channel channel, std::shared_ptr<ChannelCounts> counts, DeliveryLog& log, async::Event& hurry,
               SenderMaker make, Listener ended);

  /// The channel is declared anew: what waits stays, and goes the new way, a pause between two tries being over.
  void change(Channel channel);

  /// Never waits.
  void put(Notice notice);

  /// Delivers until it is closed and empty. Cancellation: what waits is dropped, and counted.
  async::Task<> serve();

  /// Nothing more comes: serve() returns when all is delivered.
  void close();

  /// Returns when nothing waits and nothing is under way.
  async::Task<> emptied();

  std::size_t size() const noexcept { return waiting_.size() + (under_way_ ? 1 : 0); }

 private:
  async::Task<> deliver_first();
  void drop_first(const char* why);
  void drop_all() noexcept;
  void tell_size() noexcept;

  SenderMaker make_;
  Listener ended_;
  Channel channel_;
  std::shared_ptr<const Sender> sender_;
  std::shared_ptr<ChannelCounts> counts_;
  DeliveryLog& log_;
  async::Event& hurry_;
  std::deque<Notice> waiting_;
  std::size_t bytes_ = 0;  // of the outputs in it
  bool under_way_ = false;
  bool closed_ = false;
  async::Event changed_;    // since the last try
  async::Event something_;  // to do: a message, or the end
  async::Event empty_;
};

}  // namespace belfry::daemon
