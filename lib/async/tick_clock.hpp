// TickClock: the stamps between two steps. Real time at less than half the price of clock_gettime: the processor's time
// stamp counter where it is invariant, else CLOCK_MONOTONIC. Not for use outside lib/async. Any thread.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace belfry::async::detail {

class TickClock {
 public:
  /// Ticks since some instant. Not to be taken across a suspend, nor compared more exactly than to microseconds.
  static std::int64_t now() noexcept {
#if defined(__x86_64__)
    if (scale.counter) [[likely]]
      return static_cast<std::int64_t>(__rdtsc());
#endif
    return monotonic_ns();
  }

  static std::int64_t to_ns(std::int64_t ticks) noexcept {
    return static_cast<std::int64_t>(static_cast<double>(ticks) * scale.ns_per_tick);
  }
  static std::int64_t from_ns(std::int64_t nanoseconds) noexcept {
    return static_cast<std::int64_t>(static_cast<double>(nanoseconds) / scale.ns_per_tick);
  }

 private:
  struct Scale {
    bool counter = false;
    double ns_per_tick = 1;
  };
  static std::int64_t monotonic_ns() noexcept;
  static Scale measure() noexcept;

  static const Scale scale;  // measured once, in a tenth of a millisecond, when
                             // the program starts
};

}  // namespace belfry::async::detail
