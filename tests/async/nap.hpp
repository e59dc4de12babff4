// Sleeps as tasks of their own, for what takes a task.
#pragma once

#include "async/sleep.hpp"
#include "async/task.hpp"

namespace belfry::testing {

inline async::Task<> nap(async::Duration span) { co_await async::sleep(span); }

/// The same, and gives the number.
inline async::Task<int> after(async::Duration span, int number) {
  co_await async::sleep(span);
  co_return number;
}

}  // namespace belfry::testing
