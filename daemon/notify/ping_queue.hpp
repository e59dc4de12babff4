// The pings that wait: those of one job one after the other, those of several jobs beside each other.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "async/event.hpp"
#include "async/task.hpp"
#include "async/task_group.hpp"
#include "daemon/notify/delivery_log.hpp"
#include "daemon/notify/notify_counts.hpp"
#include "daemon/notify/ping_source.hpp"

namespace belfry::daemon {

/// Loop thread only. Bounded: of each job and in all; the oldest of the job makes room. A ping that has waited for five
/// minutes is given up: it would say of now what was true then.
class PingQueue {
 public:
  static constexpr std::size_t parallel = 16;                       ///< requests at once
  static constexpr std::size_t most_of_job = 20;                    ///< that wait
  static constexpr std::size_t most = 10'000;                       ///< that wait, of all jobs
  static constexpr std::size_t most_bytes = std::size_t{8} << 20U;  ///< of bodies that wait; beyond, they are left out
  static constexpr std::chrono::minutes oldest{5};                  ///< that are still sent
  static constexpr int retries = 3;

  /// `log` and `hurry` must outlive it.
  PingQueue(std::shared_ptr<ChannelCounts> counts, DeliveryLog& log, async::Event& hurry);

  /// Never waits.
  void put(Ping ping);

  /// From now on pings are sent, by tasks of the group; what was put in before, too. Once.
  void start(async::TaskGroup& group);

  /// Returns when nothing waits and nothing is under way.
  async::Task<> emptied();

  /// What waits is dropped, and counted. REQUIRES: the tasks of the group have ended.
  void drop_all() noexcept;

  /// Sends one ping, without a retry. Counts it, and tells the log.
  async::Task<> send_once(Ping ping);

  std::size_t size() const noexcept { return waiting_; }

 private:
  struct Waiting {
    Ping ping;
    std::int64_t since = 0;
  };
  struct Lane {
    std::deque<Waiting> pings;
    bool under_way = false;  // by a worker, or in line for one
  };

  void call_worker();
  async::Task<> work();
  async::Task<> serve_lane(std::string job);
  void drop_first(Lane& lane, const char* why);
  void note(const std::string& job, const Delivery& delivery);

  std::shared_ptr<ChannelCounts> counts_;
  DeliveryLog& log_;
  async::Event& hurry_;
  async::TaskGroup* group_ = nullptr;
  std::map<std::string, Lane> lanes_;  // of jobs that have pings
  std::deque<std::string> in_line_;
  std::size_t waiting_ = 0;
  std::size_t bytes_ = 0;  // of the bodies of those that are not under way
  std::size_t workers_ = 0;
  async::Event empty_;
};

}  // namespace belfry::daemon
