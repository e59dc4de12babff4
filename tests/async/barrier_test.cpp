// Barrier: rounds, places, breaking.
#include "async/barrier.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "async/cancel.hpp"
#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;

TEST_CASE("all go on when the last has come, each with a place of its own, round after round", "[barrier]") {
  run_shuffled([]() -> Task<> {
    Barrier barrier(3);
    std::vector<std::vector<std::size_t>> places(4);
    auto work = [&]() -> Task<> {
      for (std::vector<std::size_t>& round : places) {
        const std::size_t place = co_await barrier.wait();
        round.push_back(place);
      }
    };
    std::vector<JoinHandle<>> handles;
    for (int i = 0; i < 3; ++i) handles.push_back(spawn(work()));
    for (JoinHandle<>& handle : handles) co_await handle;
    for (std::vector<std::size_t>& round : places) {
      std::sort(round.begin(), round.end());
      CHECK(round == std::vector<std::size_t>{0, 1, 2});
    }
    CHECK(barrier.waiting() == 0);
  });
}

namespace {

Task<bool> passes(Barrier& barrier) {
  try {
    co_await barrier.wait();
    co_return true;
  } catch (const BrokenBarrier&) {
    co_return false;
  }
}

}  // namespace

TEST_CASE("an aborted barrier is broken for all until it is reset", "[barrier]") {
  run_async([]() -> Task<> {
    Barrier barrier(2);
    JoinHandle<bool> waiting = spawn(passes(barrier));
    co_await yield();
    barrier.abort();
    const bool passed = co_await waiting;
    CHECK_FALSE(passed);
    CHECK(barrier.broken());
    const bool later = co_await passes(barrier);
    CHECK_FALSE(later);
    barrier.reset();
    JoinHandle<bool> first = spawn(passes(barrier));
    JoinHandle<bool> second = spawn(passes(barrier));
    const bool one = co_await first;
    const bool two = co_await second;
    CHECK((one && two));
  });
}

TEST_CASE("a reset turns those away who wait, and the barrier is as new", "[barrier]") {
  run_async([]() -> Task<> {
    Barrier barrier(2);
    JoinHandle<bool> waiting = spawn(passes(barrier));
    co_await yield();
    barrier.reset();
    const bool passed = co_await waiting;
    CHECK_FALSE(passed);
    CHECK_FALSE(barrier.broken());
  });
}

TEST_CASE("a cancelled task is not counted, one that had company passes", "[barrier]") {
  run_async([]() -> Task<> {
    Barrier barrier(2);
    JoinHandle<bool> gone = spawn(passes(barrier));
    co_await yield();
    gone.cancel();
    JoinHandle<bool> first = spawn(passes(barrier));
    co_await yield();
    CHECK(barrier.waiting() == 1);
    const bool second = co_await passes(barrier);
    first.cancel();  // too late: all were there
    const bool one = co_await first;
    CHECK((one && second));
    CHECK_THROWS_AS(Barrier(0), std::invalid_argument);
  });
}
