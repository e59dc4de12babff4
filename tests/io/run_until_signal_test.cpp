// Graceful shutdown by real signals.
#include "io/run_until_signal.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <stdexcept>

#include "async/cancel.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"

using namespace belfry::async;
using namespace belfry::io;
using namespace std::chrono_literals;

TEST_CASE("a program that is not asked to end returns by itself") {
  CHECK(run_until_signal([](Shutdown&) -> Task<> { co_await yield(); }) == ShutdownEnd::unasked);
}

TEST_CASE("the first signal asks the body, which ends in its own time") {
  for (const int signal : {SIGTERM, SIGINT}) {
    bool finished = false;
    const ShutdownEnd end = run_until_signal([&](Shutdown& shutdown) -> Task<> {
      kill(getpid(), signal);
      co_await shutdown.requested();
      CHECK(shutdown.signal() == signal);
      for (int i = 0; i < 100; ++i) co_await yield();  // what is under way ends
      finished = true;
    });
    CHECK(end == ShutdownEnd::orderly);
    CHECK(finished);
  }
}

TEST_CASE("the second signal cancels the body, whose clean-up may await") {
  bool cleaned_up = false;
  const ShutdownEnd end = run_until_signal([&](Shutdown& shutdown) -> Task<> {
    kill(getpid(), SIGTERM);
    co_await shutdown.requested();
    kill(getpid(), SIGINT);
    bool cancelled = false;
    try {
      co_await sleep(1h);
    } catch (const Cancelled& reason) {
      cancelled = reason.reason() == CancelReason::shutdown;
    }
    CHECK(cancelled);
    auto clean_up = [&]() -> Task<> {
      co_await yield();
      cleaned_up = true;
    };
    co_await shielded(clean_up(), 1h);
  });
  CHECK(end == ShutdownEnd::forced);
  CHECK(cleaned_up);
}

TEST_CASE("the end of the grace does the same, and a body that ignores it is destroyed") {
  ManualClock clock;
  bool destroyed = false;
  struct Witness {
    bool& gone;
    ~Witness() { gone = true; }
  };
  const auto options = ShutdownOptions().grace(30s).clean_up(10s).loop(LoopOptions().clock(clock));
  const std::int64_t began = clock.now_ns();
  const ShutdownEnd end = run_until_signal(
      [&](Shutdown& shutdown) -> Task<> {
        shutdown.request();
        const Witness witness{destroyed};
        auto deaf = []() -> Task<> { co_await sleep(10h); };
        co_await shielded(deaf(), 10h);
      },
      options);
  CHECK(end == ShutdownEnd::forced);
  CHECK(destroyed);
  CHECK(Duration(clock.now_ns() - began) == 40s);
}

TEST_CASE("the exception of the body passes") {
  CHECK_THROWS_AS(run_until_signal([](Shutdown&) -> Task<> {
                    co_await yield();
                    throw std::runtime_error("port in use");
                  }),
                  std::runtime_error);
}
