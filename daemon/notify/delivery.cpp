#include "daemon/notify/delivery.hpp"

#include <algorithm>

#include "async/backoff.hpp"
#include "async/race.hpp"
#include "async/timeout.hpp"
#include "daemon/until_set.hpp"

namespace belfry::daemon {
namespace {

async::Task<> until_any_is_set(const std::vector<async::Event*>& events) {
  std::vector<async::Task<>> waits;
  waits.reserve(events.size());
  for (async::Event* const event : events) waits.push_back(until_set(*event));
  co_await async::race(std::move(waits));
}

bool may_pass(int status) { return status == 408 || status == 425 || status == 429 || status >= 500; }

}  // namespace

async::Task<Delivery> deliver(std::function<async::Task<Delivery>()> attempt, TryPolicy policy,
                              std::vector<async::Event*> hurry) {
  const async::Backoff pauses = async::Backoff(policy.delay).growing(2.0, policy.longest).jitter(0.2);
  for (int number = 1;; ++number) {
    Delivery delivery = co_await attempt();
    delivery.tries = number;
    if (delivery.result != Delivery::Result::unfinished || number > policy.retries) co_return delivery;
    time::Duration pause = pauses.pause(number, async::random_unit());
    if (delivery.not_before) pause = std::clamp(*delivery.not_before, pause, std::max(pause, policy.longest));
    if (policy.on_pause) policy.on_pause(delivery, pause);
    co_await async::move_on_after(pause, until_any_is_set(hurry));
  }
}

Delivery delivery_of(const std::expected<io::HttpAnswer, io::TransferFailure>& answer, const std::string& origin) {
  using Result = Delivery::Result;
  if (!answer) {
    return {.result = answer.error().may_pass() ? Result::unfinished : Result::refused,
            .detail = answer.error().message};
  }
  const std::string status = origin + " answered with HTTP status " + std::to_string(answer->status);
  if (answer->status >= 200 && answer->status < 300) return {.result = Result::delivered, .detail = status};
  if (answer->status >= 300 && answer->status < 400) {
    const std::string& target = answer->redirect_origin;
    return {.result = Result::refused,
            .detail = status + ", a redirect" + (target.empty() ? "" : " to " + target) +
                      "; redirects are not followed: give the address where it ends"};
  }
  return {.result = may_pass(answer->status) ? Result::unfinished : Result::refused,
          .detail = status,
          .not_before = answer->retry_after};
}

}  // namespace belfry::daemon
