#include "daemon/control/bridge.hpp"

#include <exception>
#include <optional>
#include <string>

#include "async/loop_stats.hpp"
#include "daemon/control/api_error.hpp"
#include "time/duration.hpp"

namespace belfry::daemon {

void Bridge::post(const Exchange& exchange, std::move_only_function<void(const Exchange&)> take_over,
                  Finish if_stuck) const {
  // Whoever comes first decides: the loop, which carries the request out, or the deadline, which refuses it.
  const auto decided = std::make_shared<std::atomic<bool>>(false);
  auto run = [decided, exchange, alive = std::weak_ptr(alive_), take_over = std::move(take_over)]() mutable {
    if (alive.expired() || decided->exchange(true)) return;
    try {
      take_over(exchange);
    } catch (const std::exception& error) {  // an exception must not end the loop
      exchange.reply(error_reply(500, "internal", error.what()));
    }
  };
  auto expire = [this, decided, if_stuck = std::move(if_stuck)]() mutable -> std::optional<Reply> {
    if (decided->exchange(true)) return std::nullopt;
    return if_stuck ? if_stuck() : stuck();
  };
  exchange.expire({.at = std::chrono::steady_clock::now() + patience_, .finish = std::move(expire)});
  if (!loop_.call_soon_threadsafe(std::move(run))) {
    exchange.reply(error_reply(503, "unavailable", "belfryd is shutting down"));
  }
}

Reply Bridge::stuck() const {
  const async::LoopStats stats = loop_.stats();
  std::string message = "the scheduling loop does not answer";
  if (stats.running) {
    const auto& step = *stats.running;
    message += "; it has been busy for " +
               time::format_duration(std::chrono::floor<std::chrono::milliseconds>(step.elapsed)) + " in " +
               (step.task.empty() ? "a callback" : "task \"" + step.task + "\"") + " from " + to_string(step.place);
  }
  return error_reply(503, "unresponsive", message + ". Nothing was changed; try again");
}

}  // namespace belfry::daemon
