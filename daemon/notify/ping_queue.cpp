#include "daemon/notify/ping_queue.hpp"

#include <utility>

#include "async/cancel.hpp"
#include "async/loop.hpp"
#include "io/http_client.hpp"

namespace belfry::daemon {
namespace {

constexpr const char* channel_name = "ping";

async::Task<Delivery> send(const Ping& ping) {
  try {
    io::HttpRequest request{.method = "POST",
                            .url = ping.url,
                            .headers = {"Content-Type: text/plain; charset=utf-8"},
                            .body = ping.body,
                            .timeout = ping.timeout,
                            .most_body = 0};
    const auto answer = co_await io::send(std::move(request));
    co_return delivery_of(answer, io::origin_of(ping.url));
  } catch (const async::Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    co_return Delivery{.result = Delivery::Result::unfinished, .detail = error.what()};
  }
}

}  // namespace

PingQueue::PingQueue(std::shared_ptr<ChannelCounts> counts, DeliveryLog& log, async::Event& hurry)
    : counts_(std::move(counts)), log_(log), hurry_(hurry) {
  empty_.set();
}

void PingQueue::put(Ping ping) {
  if (waiting_ >= most) {
    counts_->dropped.add(1);
    log_.dropped(channel_name, ping.job, "too many pings wait");
    return;
  }
  Lane& lane = lanes_[ping.job];
  if (lane.pings.size() >= most_of_job) drop_first(lane, "too many pings of the job wait");
  if (bytes_ + ping.body.size() > most_bytes) ping.body.clear();
  bytes_ += ping.body.size();
  const bool joins = !std::exchange(lane.under_way, true);
  if (joins) in_line_.push_back(ping.job);
  lane.pings.push_back({.ping = std::move(ping), .since = async::Loop::current().now_ns()});
  counts_->queued.set(++waiting_);
  empty_.clear();
  if (joins) call_worker();
}

void PingQueue::start(async::TaskGroup& group) {
  group_ = &group;
  for (std::size_t i = 0; i < in_line_.size(); ++i) call_worker();
}

void PingQueue::call_worker() {
  if (group_ == nullptr || workers_ >= parallel) return;
  ++workers_;
  group_->start(work(), async::SpawnOptions("ping").kind("notify"));
}

/// Goes from job to job until none has a ping, so that an idle daemon has no task for it.
async::Task<> PingQueue::work() {
  while (!in_line_.empty()) {
    const std::string job = std::move(in_line_.front());
    in_line_.pop_front();
    co_await serve_lane(job);
  }
  --workers_;
  if (waiting_ == 0 && workers_ == 0) empty_.set();
}

/// One ping of the job; if there are more, it stands in line again behind the others.
async::Task<> PingQueue::serve_lane(std::string job) {
  const auto lane = lanes_.find(job);
  while (!lane->second.pings.empty() && async::Loop::current().now_ns() - lane->second.pings.front().since >
                                            std::chrono::nanoseconds(oldest).count()) {
    drop_first(lane->second, "it is too old to be true");
  }
  if (!lane->second.pings.empty()) {
    const Ping ping = std::move(lane->second.pings.front().ping);
    lane->second.pings.pop_front();
    bytes_ -= ping.body.size();
    const auto attempt = [&ping] { return send(ping); };
    const Delivery delivery = co_await deliver(attempt, {.retries = retries}, {&hurry_});
    counts_->queued.set(--waiting_);
    note(ping.job, delivery);
  }
  if (lane->second.pings.empty()) {
    lanes_.erase(lane);
  } else {
    in_line_.push_back(std::move(job));
  }
}

void PingQueue::drop_first(Lane& lane, const char* why) {
  log_.dropped(channel_name, lane.pings.front().ping.job, why);
  bytes_ -= lane.pings.front().ping.body.size();
  lane.pings.pop_front();
  counts_->dropped.add(1);
  counts_->queued.set(--waiting_);
}

async::Task<> PingQueue::emptied() { co_await empty_.wait(); }

void PingQueue::drop_all() noexcept {
  counts_->dropped.add(waiting_);
  waiting_ = 0;
  bytes_ = 0;
  counts_->queued.set(0);
  lanes_.clear();
  in_line_.clear();
}

async::Task<> PingQueue::send_once(Ping ping) {
  const Delivery delivery = co_await send(ping);
  note("belfryd", delivery);
}

void PingQueue::note(const std::string& job, const Delivery& delivery) {
  (delivery.ok() ? counts_->delivered : counts_->failed).add(1);
  log_.ended(channel_name, job, delivery);
}

}  // namespace belfry::daemon
