#include "daemon/notify/notifications.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "async/loop.hpp"
#include "async/timeout.hpp"
#include "daemon/notify/host_name.hpp"
#include "daemon/until_set.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon {
namespace {

constexpr const char* ping_name = "ping";

async::SpawnOptions as_notify(std::string name) { return async::SpawnOptions(std::move(name)).kind("notify"); }

bool pings(const NotifyPlan& plan) {
  return plan.ping || std::ranges::any_of(plan.jobs, [](const auto& job) { return job.second.ping.has_value(); });
}

}  // namespace

Notifications::Notifications(observe::Log& log, std::string_view ledger_id, SenderMaker make)
    : log_(log),
      make_(std::move(make)),
      delivery_log_(log),
      host_(host_name()),
      policy_(host_),
      ping_source_(std::string(ledger_id)),
      pings_(counts_->of(ping_name), delivery_log_, hurry_) {}

void Notifications::subscribe(engine::EventStream& events) {
  events.subscribe([this](const engine::Event& event) { observe(event); });
}

void Notifications::observe(const engine::Event& event) {
  if (plan_->jobs.empty()) return;
  const async::Loop& loop = async::Loop::current();
  for (Told& told : policy_.on(event, loop.now_ns())) queues_.at(told.channel)->put(std::move(told.notice));
  for (const auto& [channel, count] : policy_.take_suppressed()) counts_->of(channel)->suppressed.add(count);
  if (auto ping = ping_source_.on(event)) pings_.put(std::move(*ping));
}

void Notifications::apply(std::shared_ptr<const NotifyPlan> plan) {
  plan_ = std::move(plan);
  policy_.apply(plan_);
  ping_source_.apply(plan_);
  std::vector<std::string> shown;
  for (const auto& [name, channel] : plan_->channels) {
    shown.push_back(name);
    auto& queue = queues_[name];
    if (queue) {
      queue->change(channel);
      continue;
    }
    auto ended = [this, name](const Notice& notice, bool delivered) { policy_.ended(name, notice, delivered); };
    queue = std::make_shared<ChannelQueue>(channel, counts_->of(name), delivery_log_, hurry_, make_, std::move(ended));
    if (group_ != nullptr) group_->start(serve_channel(name, queue), as_notify("channel " + name));
  }
  for (const auto& [name, queue] : queues_) {
    if (!plan_->channels.contains(name)) queue->close();
  }
  if (pings(*plan_)) shown.emplace_back(ping_name);
  counts_->show_only(std::move(shown));
  ping_changed_.set();
  if (group_ != nullptr) keep_transfers();
}

/// What libcurl has read stays. Who tells nobody has no libcurl in memory.
void Notifications::keep_transfers() {
  const bool needed = !plan_->channels.empty() || pings(*plan_);
  if (needed && !transfers_) transfers_ = io::Transfers::of_current_loop();
}

async::Task<> Notifications::serve() {
  auto body = [this](async::TaskGroup& group) -> async::Task<> {
    group_ = &group;
    keep_transfers();
    for (const auto& [name, queue] : queues_) group.start(serve_channel(name, queue), as_notify("channel " + name));
    pings_.start(group);
    co_await ping_of_daemon();
  };
  struct NoGroup {
    Notifications& all;
    ~NoGroup() {
      all.group_ = nullptr;
      all.pings_.drop_all();
      all.transfers_.reset();
    }
  } const no_group{*this};
  co_await async::with_task_group(std::move(body));
}

async::Task<> Notifications::serve_channel(std::string name, std::shared_ptr<ChannelQueue> queue) {
  co_await queue->serve();
  const auto found = queues_.find(name);
  if (found != queues_.end() && found->second == queue) queues_.erase(found);  // it was closed
}

/// Says "alive" at once and then at its interval: a stuck loop does not, nor does one that was killed.
async::Task<> Notifications::ping_of_daemon() {
  for (;;) {
    ping_changed_.clear();
    const std::optional<DaemonPing> ping = plan_->ping;
    if (!ping) {
      co_await ping_changed_.wait();
      continue;
    }
    co_await pings_.send_once({.job = {}, .url = ping->url.text, .body = {}, .timeout = ping->timeout});
    co_await async::move_on_after(ping->every, until_set(ping_changed_));
  }
}

async::Task<> Notifications::all_emptied() {
  std::vector<std::shared_ptr<ChannelQueue>> queues;
  queues.reserve(queues_.size());
  for (const auto& [name, queue] : queues_) queues.push_back(queue);
  for (const auto& queue : queues) co_await queue->emptied();
  co_await pings_.emptied();
}

std::size_t Notifications::waiting() const {
  std::size_t count = pings_.size();
  for (const auto& [name, queue] : queues_) count += queue->size();
  return count;
}

async::Task<> Notifications::settle(time::Duration patience) {
  hurry_.set();
  co_await async::move_on_after(patience, all_emptied());
  hurry_.clear();
  warn_of_waiting();
}

void Notifications::warn_of_waiting() {
  if (waiting() > 0) log_.warning("notifications were not delivered before the end", {{"dropped", waiting()}});
}

async::Task<> Notifications::finish(time::Duration patience) {
  if (waiting() > 0 && !no_patience_.is_set()) {
    log_.info("notifications that wait are delivered", {{"waiting", waiting()}});
    auto settled = settle(patience);
    co_await unless_set(no_patience_, std::move(settled));
  }
  if (no_patience_.is_set()) warn_of_waiting();
}

async::Task<std::expected<Delivery, std::string>> Notifications::test(std::string channel) {
  const auto found = plan_->channels.find(channel);
  if (found == plan_->channels.end()) {
    std::vector<std::string> known;
    for (const auto& [name, declared] : plan_->channels) known.push_back(name);
    const std::string hint = time::did_you_mean(channel, known);
    co_return std::unexpected("there is no channel \"" + channel + "\"" + (hint.empty() ? "" : "; " + hint));
  }
  const auto sender = make_(found->second);
  const Notice notice{.event = "test", .job = "test", .host = host_, .at = async::Loop::current().wall_now()};
  std::expected<Delivery, std::string> result;
  try {
    result = co_await sender->send(notice);
  } catch (const async::Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    result = Delivery{.result = Delivery::Result::unfinished, .detail = error.what()};
  }
  co_return result;
}

}  // namespace belfry::daemon
