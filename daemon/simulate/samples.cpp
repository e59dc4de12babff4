#include "daemon/simulate/samples.hpp"

namespace belfry::daemon {

RunSample choose(const JobSamples& samples, std::uint64_t seed, std::string_view job, std::int64_t run) noexcept {
  if (samples.assumed) return {.span = *samples.assumed};
  if (samples.recorded.empty()) return {};
  std::uint64_t x = seed;
  for (const char c : job) x = (x ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  x += static_cast<std::uint64_t>(run) * 0x9E3779B97F4A7C15U;  // splitmix64
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  x ^= x >> 31U;
  return samples.recorded[x % samples.recorded.size()];
}

}  // namespace belfry::daemon
