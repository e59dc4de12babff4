// What a fault point does in belfryd_faulty. The variable BELFRY_FAULT says what is to happen, and when:
//
//   NAME:N            the process dies at the Nth passing of the point NAME
//   random:SEED:P     it dies at any passing, each with the probability P; the same SEED gives the same numbers
//   hold:NAME:FIFO    each passing of NAME stands still for as long as nothing is in FIFO, out of which nothing is read
//   leak:NAME:N       the Nth passing of NAME, which must be on the loop, leaves a task behind that nobody owns
//
// Before it dies it says so on standard error, so that a log tells where: "fault point NAME: killed".

#include "async/fault_point.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "async/event.hpp"
#include "async/spawn.hpp"
#include "async/task.hpp"
#include "async/task_kind.hpp"

namespace belfry::async {
namespace {

enum class What : std::uint8_t { nothing, die, die_at_random, hold, leak };

struct Plan {
  What what = What::nothing;
  std::string name;  // of the point
  std::string last;  // what follows the last colon
  std::atomic<std::int64_t> passings = 0;
  std::int64_t fatal = 0;  // the passing of `name` that counts
  std::uint64_t seed = 0;
  double probability = 0;

  Plan() {
    const char* const text = std::getenv("BELFRY_FAULT");
    if (text == nullptr) return;
    std::string_view plan = text;
    const auto colon = plan.rfind(':');
    if (colon == std::string_view::npos) return;
    last = plan.substr(colon + 1);
    plan = plan.substr(0, colon);
    what = What::die;
    for (const auto& [word, meaning] : {std::pair<std::string_view, What>("random:", What::die_at_random),
                                        {"hold:", What::hold},
                                        {"leak:", What::leak}}) {
      if (!plan.starts_with(word)) continue;
      what = meaning;
      plan.remove_prefix(word.size());
    }
    name = plan;
    fatal = std::strtoll(last.c_str(), nullptr, 10);
    if (what != What::die_at_random) return;
    seed = std::strtoull(name.c_str(), nullptr, 10);
    probability = std::strtod(last.c_str(), nullptr);
  }

  /// A number in [0, 1) for each passing (splitmix64).
  double draw() {
    std::uint64_t x = (seed << 20U) + static_cast<std::uint64_t>(++passings);
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    x ^= x >> 31U;
    return static_cast<double>(x >> 11U) * 0x1.0p-53;
  }

  bool is_that_passing(std::string_view point) { return point == name && ++passings == fatal; }
};

Plan& plan() {
  static Plan& only = *new Plan;  // threads pass points until the very end
  return only;
}

[[noreturn]] void die(const char* name) {
  const std::string line = "fault point " + std::string(name) + ": killed\n";
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) {
    // Nobody listens; it dies all the same.
  }
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

void hold(const std::string& file) {
  const int gate = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (gate < 0) return;
  // By poll(2), during which ThreadSanitizer delivers signals: the stall watchdog asks by one for the stack.
  pollfd open{gate, POLLIN, 0};
  while (::poll(&open, 1, -1) < 0 && errno == EINTR) {
  }
  ::close(gate);
}

Task<> wait_in_vain() {
  Event never;
  co_await never.wait();
}

void leak() {
  register_task_kind("forgotten", std::chrono::milliseconds{1});
  spawn(wait_in_vain(), SpawnOptions("wait_in_vain").kind("forgotten")).detach();
}

}  // namespace

void pass_fault_point(const char* name) noexcept {
  switch (plan().what) {
    case What::nothing:
      return;
    case What::die:
      if (plan().is_that_passing(name)) die(name);
      return;
    case What::die_at_random:
      if (plan().draw() < plan().probability) die(name);
      return;
    case What::hold:
      if (name == plan().name) hold(plan().last);
      return;
    case What::leak:
      if (plan().is_that_passing(name)) leak();
      return;
  }
}

}  // namespace belfry::async
