// One try to deliver something, and several of them with growing pauses. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/task.hpp"
#include "io/http_client.hpp"
#include "time/wall_time.hpp"

namespace belfry::daemon {

/// What came of a try.
struct Delivery {
  enum class Result : std::uint8_t {
    delivered,
    unfinished,  ///< another try may succeed
    refused,     ///< none will, until somebody changes something
  };
  Result result = Result::delivered;
  std::string detail{};                        ///< a sentence for a person, without secrets
  std::optional<time::Duration> not_before{};  ///< the other side asks to be left alone for so long
  int tries = 1;

  bool ok() const noexcept { return result == Result::delivered; }
};

/// How often it is tried.
struct TryPolicy {
  int retries = 0;
  time::Duration delay = std::chrono::seconds{1};                         ///< before the first retry, then doubled
  time::Duration longest = std::chrono::minutes{5};                       ///< no pause is longer
  std::function<void(const Delivery&, time::Duration pause)> on_pause{};  ///< is told of a try that another follows
};

/// Calls `attempt` until it has delivered, was refused, or used up its tries; returns what came of the last one. While
/// one of the events `hurry`, which outlive it, is set there are no pauses. Cancellation: between two tries, or within
/// one as that likes it.
async::Task<Delivery> deliver(std::function<async::Task<Delivery>()> attempt, TryPolicy policy,
                              std::vector<async::Event*> hurry);

/// What an answer to an HTTP request, or its absence, means for a delivery to `origin`.
Delivery delivery_of(const std::expected<io::HttpAnswer, io::TransferFailure>& answer, const std::string& origin);

}  // namespace belfry::daemon
