// A stuck loop is noticed while it is stuck, and by name. The step ends only when the watchdog has complained of it.
#include "async/stall_watchdog.hpp"

#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <mutex>
#include <string>
#include <vector>

#include "async/io_step.hpp"
#include "async/spawn.hpp"
#include "async/uv_handle.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

struct Pipe {
  Pipe() { REQUIRE(pipe(ends) == 0); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  int ends[2] = {-1, -1};
};

/// What the watchdog said of the culprit, and the way to let the loop go on. On a busy machine other steps may be long.
struct Witness {
  std::string culprit = "culprit";
  Pipe pipe;
  std::mutex mutex;
  std::vector<Complaint> stalls;
  std::string calls;

  std::size_t stalls_seen() {
    const std::scoped_lock lock(mutex);
    return stalls.size();
  }

  LoopOptions options() {
    return LoopOptions().on_complaint([this](const Complaint& complaint) {
      if (complaint.kind != ComplaintKind::stalled || complaint.task != culprit) return;
      const std::scoped_lock lock(mutex);
      stalls.push_back(complaint);
      for (const std::string& call : complaint.backtrace.symbolize()) calls += call + "\n";
      CHECK(write(pipe.ends[1], "x", 1) == 1);
    });
  }
};

[[gnu::noinline]] void hold_the_loop(Witness& witness) {
  char byte = 0;
  while (read(witness.pipe.ends[0], &byte, 1) != 1) {  // blocks until the watchdog has complained
  }
  asm volatile("" ::: "memory");  // no tail call: this function is to be seen on the stack
}

template <class Body>
void run_watched(Witness& witness, Body&& body) {
  Loop loop(witness.options());
  auto main = [&]() -> Task<> {
    const StallWatchdog watchdog(20ms);
    co_await body();
  };
  run(loop, main());
  loop.close();
}

}  // namespace

TEST_CASE("a stalled step is complained of while it lasts, once, with its task and the calls on the stack") {
  Witness witness;
  run_watched(witness, [&]() -> Task<> {
    auto culprit = [&]() -> Task<> {
      co_await yield();
      hold_the_loop(witness);
    };
    JoinHandle<> handle = spawn(culprit(), "culprit");
    co_await handle;
    CHECK(Loop::current().stats().stalls >= 1);
  });
  REQUIRE(witness.stalls.size() == 1);
  CHECK(to_string(witness.stalls[0].place).find("stall_watchdog_test.cpp:") != std::string::npos);
  CHECK(witness.stalls[0].lasted >= 20ms);
  INFO(witness.calls);
  CHECK(witness.calls.find("hold_the_loop") != std::string::npos);
  CHECK(witness.calls.find("stall_watchdog_test.cpp:") != std::string::npos);
}

TEST_CASE("a loop that was asleep is watched again when it wakes up") {
  Witness witness;
  run_watched(witness, [&]() -> Task<> {
    for (int round = 1; round <= 2; ++round) {
      co_await sleep(50ms);  // longer than the watchdog stays up
      auto culprit = [&]() -> Task<> {
        hold_the_loop(witness);
        co_return;
      };
      JoinHandle<> handle = spawn(culprit(), "culprit");
      co_await handle;
    }
  });
  CHECK(witness.stalls.size() == 2);
}

TEST_CASE("a callback of libuv that stalls is seen and counted, too") {
  Witness witness;
  witness.culprit = "callback";
  run_watched(witness, [&]() -> Task<> {
    Loop::current().set_slow_step(1us);
    UvHandle<uv_timer_t> timer;
    REQUIRE(uv_timer_init(Loop::current().uv(), timer.get()) == 0);
    timer.opened();
    timer->data = &witness;
    uv_timer_start(
        timer.get(),
        [](uv_timer_t* fired) {
          const IoStep step(Loop::current(), "io");  // as lib/io does it
          hold_the_loop(*static_cast<Witness*>(fired->data));
        },
        0, 0);
    while (witness.stalls_seen() == 0) co_await yield();
    const LoopStats stats = Loop::current().stats();
    CHECK(stats.slow_steps >= 1);
    CHECK(std::any_of(stats.slow_places.begin(), stats.slow_places.end(),
                      [](const SlowPlace& slow) { return slow.task == "io" && slow.place.line != 0; }));
  });
  CHECK(witness.stalls.size() == 1);
}
