// How fast the time stamp counter is; see tick_clock.hpp.

#include "async/tick_clock.hpp"

#include "async/clock.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace belfry::async::detail {

const TickClock::Scale TickClock::scale = TickClock::measure();

std::int64_t TickClock::monotonic_ns() noexcept { return SystemClock::shared().now_ns(); }

#if defined(__x86_64__)
namespace {

/// Ticks at a constant rate in all states of the processor (Intel SDM 18.17.1: CPUID 80000007H, EDX bit 8).
bool counter_is_invariant() noexcept {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(0x80000007U, &eax, &ebx, &ecx, &edx) != 0 && (edx & (1U << 8U)) != 0;
}

struct Reading {
  std::int64_t ticks = 0;
  std::int64_t nanoseconds = 0;
};

/// Of several readings of both clocks the one that took the shortest: it was not interrupted.
Reading read_both(std::int64_t (*monotonic_ns)()) noexcept {
  Reading best;
  std::int64_t shortest = 0;
  for (int i = 0; i < 5; ++i) {
    const auto before = static_cast<std::int64_t>(__rdtsc());
    const std::int64_t nanoseconds = monotonic_ns();
    const auto after = static_cast<std::int64_t>(__rdtsc());
    if (i > 0 && after - before >= shortest) continue;
    shortest = after - before;
    best = {.ticks = before + shortest / 2, .nanoseconds = nanoseconds};
  }
  return best;
}

}  // namespace

TickClock::Scale TickClock::measure() noexcept {
  if (!counter_is_invariant()) return {};
  constexpr std::int64_t long_enough = 100'000;  // against 50 ns of doubt at both ends
  const Reading first = read_both(&monotonic_ns);
  while (monotonic_ns() - first.nanoseconds < long_enough) {
  }
  const Reading last = read_both(&monotonic_ns);
  const std::int64_t ticks = last.ticks - first.ticks;
  if (ticks <= 0) return {};
  return {.counter = true,
          .ns_per_tick = static_cast<double>(last.nanoseconds - first.nanoseconds) / static_cast<double>(ticks)};
}
#else
TickClock::Scale TickClock::measure() noexcept { return {}; }
#endif

}  // namespace belfry::async::detail
