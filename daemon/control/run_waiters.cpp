#include "daemon/control/run_waiters.hpp"

#include <algorithm>
#include <utility>

namespace belfry::daemon {

namespace {

constexpr std::size_t kRemembered = 16;

}  // namespace

RunWaiters::RunWaiters(engine::EventStream& events, const engine::Engine& engine) : engine_(engine) {
  events.subscribe([this](const engine::Event& event) {
    if (const auto* ended = std::get_if<ledger::RunEnded>(&event)) on_end(*ended);
    if (std::holds_alternative<engine::Draining>(event)) on_drain();
  });
}

void RunWaiters::wait(ledger::RunId run, Callback callback) {
  const auto found = std::ranges::find(just_ended_, run, &ledger::RunEnded::run);
  if (found != just_ended_.end()) return callback(&*found);
  waiters_.emplace(run, std::move(callback));
}

void RunWaiters::on_end(const ledger::RunEnded& ended) {
  just_ended_.push_back(ended);
  if (just_ended_.size() > kRemembered) just_ended_.pop_front();
  const auto [first, last] = waiters_.equal_range(ended.run);
  for (auto each = first; each != last; ++each) each->second(&ended);
  waiters_.erase(first, last);
}

/// What waits in a queue now will never start.
void RunWaiters::on_drain() {
  std::erase_if(waiters_, [this](const auto& item) {
    if (engine_.active_run(item.first)) return false;
    item.second(nullptr);
    return true;
  });
}

}  // namespace belfry::daemon
