#include "daemon/notify/channel_queue.hpp"

#include <algorithm>
#include <utility>

#include "async/cancel.hpp"

namespace belfry::daemon {
namespace {

/// The sender lives until its try has ended, and what goes wrong here may work later: no descriptor, no memory.
async::Task<Delivery> send(std::shared_ptr<const Sender> sender, const Notice& notice) {
  try {
    co_return co_await sender->send(notice);
  } catch (const async::Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    co_return Delivery{.result = Delivery::Result::unfinished, .detail = error.what()};
  }
}

}  // namespace

ChannelQueue::ChannelQueue(Channel channel, std::shared_ptr<ChannelCounts> counts, DeliveryLog& log,
                           async::Event& hurry, SenderMaker make, Listener ended)
    : make_(std::move(make)), ended_(std::move(ended)), counts_(std::move(counts)), log_(log), hurry_(hurry) {
  empty_.set();
  change(std::move(channel));
}

void ChannelQueue::change(Channel channel) {
  channel_ = std::move(channel);
  sender_ = make_(channel_);
  closed_ = false;
  changed_.set();
}

void ChannelQueue::put(Notice notice) {
  if (channel_.dedup) {
    const std::string what = likeness(notice);
    const auto alike = std::ranges::find_if(
        waiting_, [&](const Notice& other) { return other.job == notice.job && likeness(other) == what; });
    if (alike != waiting_.end()) {
      notice.repeated += alike->repeated + 1;
      bytes_ = bytes_ - alike->output.size() + notice.output.size();
      *alike = std::move(notice);
      counts_->suppressed.add(1);
      return;
    }
  }
  while (waiting_.size() >= static_cast<std::size_t>(channel_.queue_limit)) {
    drop_first("too many wait (queue_limit)");
  }
  while (!waiting_.empty() && bytes_ + notice.output.size() > most_bytes) drop_first("too much output waits");
  bytes_ += notice.output.size();
  waiting_.push_back(std::move(notice));
  empty_.clear();
  something_.set();
  tell_size();
}

async::Task<> ChannelQueue::serve() {
  struct DropAtEnd {
    ChannelQueue& queue;
    ~DropAtEnd() { queue.drop_all(); }
  } const drop_at_end{*this};
  for (;;) {
    while (!waiting_.empty()) co_await deliver_first();
    empty_.set();
    if (closed_) co_return;
    something_.clear();
    co_await something_.wait();
  }
}

async::Task<> ChannelQueue::deliver_first() {
  const Notice notice = std::move(waiting_.front());
  waiting_.pop_front();
  bytes_ -= notice.output.size();
  under_way_ = true;
  const auto attempt = [this, &notice] {
    changed_.clear();
    return send(sender_, notice);  // the sender of now, should it change
  };
  const auto on_pause = [this, &notice](const Delivery& delivery, time::Duration pause) {
    log_.delayed(channel_.name, notice.job, delivery, pause);
  };
  const TryPolicy tries{.retries = channel_.retries, .delay = channel_.retry_delay, .on_pause = on_pause};
  const Delivery delivery = co_await deliver(attempt, tries, {&hurry_, &changed_});
  under_way_ = false;
  (delivery.ok() ? counts_->delivered : counts_->failed).add(1);
  log_.ended(channel_.name, notice.job, delivery);
  ended_(notice, delivery.ok());
  tell_size();
}

void ChannelQueue::close() {
  closed_ = true;
  something_.set();
}

async::Task<> ChannelQueue::emptied() { co_await empty_.wait(); }

void ChannelQueue::drop_first(const char* why) {
  counts_->dropped.add(1);
  log_.dropped(channel_.name, waiting_.front().job, why);
  const Notice notice = std::move(waiting_.front());
  waiting_.pop_front();
  bytes_ -= notice.output.size();
  ended_(notice, false);
}

void ChannelQueue::drop_all() noexcept {
  counts_->dropped.add(size());
  waiting_.clear();
  bytes_ = 0;
  under_way_ = false;
  empty_.set();
  tell_size();
}

void ChannelQueue::tell_size() noexcept { counts_->queued.set(size()); }

}  // namespace belfry::daemon
