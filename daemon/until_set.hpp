// Waiting for an event as a task of its own, for where a pause or a wait must be able to end early. Loop thread only.
#pragma once

#include <utility>
#include <vector>

#include "async/event.hpp"
#include "async/race.hpp"
#include "async/task.hpp"

namespace belfry::daemon {

/// Returns when `event`, which outlives it, is set.
inline async::Task<> until_set(async::Event& event) { co_await event.wait(); }

/// Does `work`, which is cancelled as soon as `stop` is set; `stop` outlives it. What `work` throws passes.
inline async::Task<> unless_set(async::Event& stop, async::Task<> work) {
  std::vector<async::Task<>> either;
  either.push_back(std::move(work));
  either.push_back(until_set(stop));
  co_await async::race(std::move(either));
}

}  // namespace belfry::daemon
