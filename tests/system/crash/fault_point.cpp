// What a fault point does in belfryd_faulty. The variable BELFRY_FAULT says when the process is to die:
//
//   NAME:N            at the Nth passing of the point NAME
//   random:SEED:P     at any passing, each with the probability P; the same SEED gives the same numbers
//
// Before it dies it says so on standard error, so that a log tells where: "fault point NAME: killed".

#include "async/fault_point.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace belfry::async {
namespace {

struct Plan {
  std::string name;  // empty: at random
  std::atomic<std::int64_t> passings = 0;
  std::int64_t fatal = 0;  // the passing of `name` that is the last
  std::uint64_t seed = 0;
  double probability = 0;

  Plan() {
    const char* const text = std::getenv("BELFRY_FAULT");
    if (text == nullptr) return;
    const std::string_view plan = text;
    const auto colon = plan.rfind(':');
    if (colon == std::string_view::npos) return;
    const std::string last(plan.substr(colon + 1));
    if (plan.starts_with("random:")) {
      seed = std::strtoull(text + std::string_view("random:").size(), nullptr, 10);
      probability = std::strtod(last.c_str(), nullptr);
    } else {
      name = plan.substr(0, colon);
      fatal = std::strtoll(last.c_str(), nullptr, 10);
    }
  }

  /// A number in [0, 1) for each passing (splitmix64).
  double draw() {
    std::uint64_t x = (seed << 20U) + static_cast<std::uint64_t>(++passings);
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    x ^= x >> 31U;
    return static_cast<double>(x >> 11U) * 0x1.0p-53;
  }

  bool is_fatal(std::string_view point) {
    if (probability > 0) return draw() < probability;
    return point == name && ++passings == fatal;
  }
};

Plan& plan() {
  static Plan& only = *new Plan;  // threads pass points until the very end
  return only;
}

}  // namespace

void pass_fault_point(const char* name) noexcept {
  if (!plan().is_fatal(name)) return;
  const std::string line = "fault point " + std::string(name) + ": killed\n";
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) {
    // Nobody listens; it dies all the same.
  }
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

}  // namespace belfry::async
