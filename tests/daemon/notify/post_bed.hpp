// Channels whose senders do what the test says, on the manual clock.
#pragma once

#include <prometheus/metric_family.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/spawn.hpp"
#include "daemon/notify/notifications.hpp"
#include "support/async_fixture.hpp"
#include "told_bed.hpp"

namespace belfry::test {

using daemon::Delivery;
using daemon::Notice;
using daemon::Notifications;
using testing::settle;
using Result = Delivery::Result;

/// What the senders of all channels did, and do next.
struct Post {
  struct Sent {
    std::string channel;
    Notice notice;
    std::int64_t at = 0;
  };
  std::vector<Sent> sent;
  std::map<std::string, std::vector<Delivery>> next;  // of a channel; then all is delivered
  std::map<std::string, async::Event*> gate;          // a try waits for it

  async::Task<Delivery> send(std::string channel, Notice notice) {
    sent.push_back({.channel = channel, .notice = notice, .at = async::Loop::current().now_ns()});
    if (const auto closed = gate.find(channel); closed != gate.end()) co_await closed->second->wait();
    auto& queue = next[channel];
    Delivery delivery;
    if (!queue.empty()) {
      delivery = queue.front();
      queue.erase(queue.begin());
    }
    co_return delivery;
  }

  std::string text() const {
    std::string all;
    for (const Sent& each : sent) all += (all.empty() ? "" : " ") + each.channel + ":" + each.notice.job;
    return all;
  }
};

class PostSender final : public daemon::Sender {
 public:
  PostSender(Post& post, std::string channel) : post_(post), channel_(std::move(channel)) {}
  async::Task<Delivery> send(const Notice& notice) const override { return post_.send(channel_, notice); }

 private:
  Post& post_;
  std::string channel_;
};

struct Bed {
  KeptLog kept;
  engine::EventStream events;
  Post post;
  Notifications notifications{kept.log, "ledger", [this](const daemon::Channel& channel) {
                                return std::make_shared<const PostSender>(post, channel.name);
                              }};
  async::JoinHandle<void> serving;

  explicit Bed(const std::string& config) {
    notifications.apply(plan(config));
    notifications.subscribe(events);
  }
  void serve() { serving = async::spawn(notifications.serve(), async::SpawnOptions("notifications")); }
  async::Task<> end() {
    serving.cancel();
    try {
      co_await serving.join();
    } catch (const async::Cancelled&) {  // as it should
    }
  }
  void fail(const std::string& job) { events.publish(run_ended(job, bad)); }
  double count(const std::string& channel, const std::string& result) const {
    return figure("belfry_notifications_total", channel, result);
  }
  double figure(const std::string& name, const std::string& channel, const std::string& result = "") const {
    for (const auto& family : notifications.collector()->Collect()) {
      if (family.name != name) continue;
      for (const auto& metric : family.metric) {
        const auto has = [&](const std::string& label, const std::string& value) {
          return value.empty() || std::ranges::any_of(metric.label, [&](const auto& each) {
                   return each.name == label && each.value == value;
                 });
        };
        if (has("channel", channel) && has("result", result)) return metric.counter.value + metric.gauge.value;
      }
    }
    return -1;
  }
};

inline std::string config(const std::string& ops = "", const std::string& rest = "") {
  std::string text = "notify: {ops: {webhook: {url: 'http://a'}" + (ops.empty() ? "" : ", " + ops) +
                     "}, boss: {webhook: {url: 'http://b'}}}\ndefaults: {notify: {on_failure: ops}}\njobs:\n";
  for (const char* const name : {"a", "b", "c", "d"}) text += "  " + std::string(name) + ": {every: 1m, command: x}\n";
  return text + rest;
}

const Delivery later{.result = Result::unfinished, .detail = "later"};
const Delivery never{.result = Result::refused, .detail = "never"};

inline std::vector<std::int64_t> pauses(const std::vector<Post::Sent>& sent) {
  std::vector<std::int64_t> spans;
  for (std::size_t i = 1; i < sent.size(); ++i) spans.push_back(sent[i].at - sent[i - 1].at);
  return spans;
}

inline bool about(std::int64_t span, time::Duration wanted) {
  return span >= wanted.count() * 8 / 10 && span <= wanted.count() * 12 / 10;
}

}  // namespace belfry::test
