// Notifications and pings of belfryd, wired: what the event stream tells goes to channels and to who watches.
//
// Loop thread only, but for what collector() gives. Never on the way of a slot: what is told goes into bounded queues
// in memory, and from there by tasks of serve().
#pragma once

#include <prometheus/collectable.h>

#include <expected>
#include <map>
#include <memory>
#include <string>

#include "async/event.hpp"
#include "async/task.hpp"
#include "async/task_group.hpp"
#include "daemon/notify/channel_queue.hpp"
#include "daemon/notify/delivery_log.hpp"
#include "daemon/notify/notice_policy.hpp"
#include "daemon/notify/notify_counts.hpp"
#include "daemon/notify/ping_queue.hpp"
#include "daemon/notify/ping_source.hpp"
#include "daemon/notify/plan.hpp"
#include "engine/event.hpp"
#include "io/transfers.hpp"
#include "observe/log.hpp"

namespace belfry::daemon {

class Notifications {
 public:
  /// `ledger_id` makes the ids of runs in pings this ledger's own. The log must outlive it.
  Notifications(observe::Log& log, std::string_view ledger_id, SenderMaker make = make_sender);
  Notifications(const Notifications&) = delete;
  Notifications& operator=(const Notifications&) = delete;

  /// Listens from here on. *this must outlive the stream. REQUIRES: before the engine is resumed.
  void subscribe(engine::EventStream& events);

  /// Puts the channels and rules of a configuration into force. What waits for a channel stays and goes the channel's
  /// new way; what waits for one that is gone still goes the old way. Before serve() as well: messages wait.
  void apply(std::shared_ptr<const NotifyPlan> plan);

  /// Delivers, until it is cancelled. Once.
  async::Task<> serve();

  /// Before this process ends, or becomes another one: returns when all that waits is delivered or given up, or after
  /// `patience`, when the log is told of what is lost. There are no pauses between tries meanwhile. REQUIRES: serve()
  /// is under way.
  async::Task<> settle(time::Duration patience);

  /// settle() for the last time: what is still there is dropped and counted. give_up() ends it at once.
  async::Task<> finish(time::Duration patience);
  void give_up() { no_patience_.set(); }

  /// Sends a test message, by a single try beside the queue; an error: there is no such channel, and what was meant.
  async::Task<std::expected<Delivery, std::string>> test(std::string channel);

  /// For /metrics.
  std::shared_ptr<prometheus::Collectable> collector() const { return counts_; }

 private:
  void observe(const engine::Event& event);
  async::Task<> serve_channel(std::string name, std::shared_ptr<ChannelQueue> queue);
  async::Task<> ping_of_daemon();
  async::Task<> all_emptied();
  std::size_t waiting() const;
  void warn_of_waiting();
  void keep_transfers();

  observe::Log& log_;
  SenderMaker make_;
  DeliveryLog delivery_log_;
  std::string host_;
  std::shared_ptr<NotifyCounts> counts_ = std::make_shared<NotifyCounts>();
  std::shared_ptr<const NotifyPlan> plan_ = std::make_shared<NotifyPlan>();
  async::Event hurry_;         // set: no pauses between tries
  async::Event no_patience_;   // set: finish() is to end
  async::Event ping_changed_;  // the pings of the daemon
  NoticePolicy policy_;
  PingSource ping_source_;
  PingQueue pings_;
  std::map<std::string, std::shared_ptr<ChannelQueue>> queues_;  // those that close included, until they are empty
  async::TaskGroup* group_ = nullptr;                            // while serve() is under way
  std::shared_ptr<io::Transfers> transfers_;                     // kept from one message to the next
};

}  // namespace belfry::daemon
