#include "engine/breaker.hpp"

#include <catch2/catch.hpp>

#include "engine/noon.hpp"

using namespace belfry::engine;
using namespace std::chrono_literals;
using belfry::ledger::Outcome;
using belfry::test::noon;
using State = Breaker::State;

namespace {

/// A job's runs, one after the other, each of no length.
struct Runs {
  explicit Runs(const BreakerPolicy& policy) : breaker(policy) {}

  bool end(Outcome outcome, WallTime now) {
    breaker.run_started(++last, now);
    return breaker.run_ended(last, outcome, now);
  }

  Breaker breaker;
  belfry::ledger::RunId last = 0;
};

BreakerPolicy three_in_a_row() { return {.failures = 3, .window = 1h, .cooldown = 10min}; }

Runs opened_at(WallTime now) {
  Runs runs(three_in_a_row());
  for (int i = 0; i < 3; ++i) runs.end(Outcome::failure, now);
  return runs;
}

}  // namespace

TEST_CASE("failures in a row open the breaker, and it says so once", "[breaker]") {
  Runs runs(three_in_a_row());
  CHECK_FALSE(runs.end(Outcome::failure, noon));
  CHECK_FALSE(runs.end(Outcome::timeout, noon + 1min));
  CHECK(runs.breaker.permits(noon + 2min));
  CHECK(runs.end(Outcome::start_error, noon + 2min));
  CHECK(runs.breaker.state() == State::open);
  CHECK(runs.breaker.open_until() == noon + 12min);
  CHECK_FALSE(runs.breaker.permits(noon + 12min - 1ns));
}

TEST_CASE("a success in between begins the row anew", "[breaker]") {
  Runs runs(three_in_a_row());
  runs.end(Outcome::failure, noon);
  runs.end(Outcome::killed, noon);
  runs.end(Outcome::success, noon);
  runs.end(Outcome::failure, noon);
  CHECK_FALSE(runs.end(Outcome::failure, noon));
  CHECK(runs.breaker.state() == State::closed);
  CHECK(runs.end(Outcome::failure, noon));
}

TEST_CASE("cancelled and lost runs do not count", "[breaker]") {
  Runs runs(three_in_a_row());
  runs.end(Outcome::failure, noon);
  runs.end(Outcome::failure, noon);
  CHECK_FALSE(runs.end(Outcome::cancelled, noon));
  CHECK_FALSE(runs.end(Outcome::lost, noon));
  CHECK(runs.end(Outcome::failure, noon));
}

TEST_CASE("failures that are older than the window are forgotten", "[breaker]") {
  Runs runs(three_in_a_row());
  runs.end(Outcome::failure, noon);
  runs.end(Outcome::failure, noon + 30min);
  CHECK_FALSE(runs.end(Outcome::failure, noon + 61min));
  CHECK(runs.end(Outcome::failure, noon + 62min));
}

TEST_CASE("with a ratio the share of the runs in the window counts, once there are enough", "[breaker]") {
  Runs runs({.failures = 4, .ratio = 0.5, .window = 1h, .cooldown = 10min});
  CHECK_FALSE(runs.end(Outcome::failure, noon));
  CHECK_FALSE(runs.end(Outcome::failure, noon));
  CHECK_FALSE(runs.end(Outcome::success, noon));
  CHECK_FALSE(runs.end(Outcome::success, noon));  // 2 of 4, but a success opens nothing
  CHECK(runs.end(Outcome::failure, noon));        // 3 of 5
  CHECK(runs.breaker.state() == State::open);
}

TEST_CASE("a ratio that is not reached keeps it closed, and the window moves on", "[breaker]") {
  Runs runs({.failures = 4, .ratio = 0.5, .window = 1h, .cooldown = 10min});
  for (int i = 0; i < 4; ++i) runs.end(Outcome::success, noon);
  runs.end(Outcome::failure, noon + 30min);
  runs.end(Outcome::failure, noon + 30min);
  CHECK_FALSE(runs.end(Outcome::failure, noon + 30min));  // 3 of 7
  CHECK(runs.breaker.dump() == "closed, 3 of the last 7 runs failed");
  CHECK(runs.end(Outcome::failure, noon + 61min));  // 4 of 4
}

TEST_CASE("after the cooldown exactly one run tries again", "[breaker]") {
  Breaker breaker = opened_at(noon).breaker;
  CHECK(breaker.permits(noon + 10min));
  CHECK(breaker.state() == State::half_open);
  CHECK(breaker.permits(noon + 10min));  // asked again: it was let pass, but something else refused it
  CHECK_FALSE(breaker.run_started(7, noon + 10min));
  CHECK_FALSE(breaker.permits(noon + 11min));
  SECTION("its success closes the breaker, as new") {
    CHECK(breaker.run_ended(7, Outcome::success, noon + 12min));
    CHECK(breaker.state() == State::closed);
    CHECK(breaker.permits(noon + 12min));
    CHECK(breaker.dump() == "closed, 0 failed in a row");
  }
  SECTION("its failure opens it for another cooldown") {
    CHECK(breaker.run_ended(7, Outcome::failure, noon + 12min));
    CHECK(breaker.open_until() == noon + 22min);
  }
  SECTION("when it is cancelled, the next run tries") {
    CHECK_FALSE(breaker.run_ended(7, Outcome::cancelled, noon + 12min));
    CHECK(breaker.state() == State::half_open);
    CHECK(breaker.permits(noon + 12min));
  }
}

TEST_CASE("a run that started before the breaker opened neither closes it nor keeps it open", "[breaker]") {
  Runs runs(three_in_a_row());
  runs.breaker.run_started(100, noon);
  for (int i = 0; i < 3; ++i) runs.end(Outcome::failure, noon);
  CHECK_FALSE(runs.breaker.run_ended(100, Outcome::success, noon + 1min));
  CHECK(runs.breaker.state() == State::open);
  CHECK(runs.breaker.permits(noon + 10min));
  CHECK_FALSE(runs.breaker.run_ended(100, Outcome::failure, noon + 10min));
  CHECK(runs.breaker.state() == State::half_open);
}

TEST_CASE("a run by hand is the probe before the cooldown is over", "[breaker]") {
  Breaker breaker = opened_at(noon).breaker;
  CHECK(breaker.run_started(7, noon + 1min));
  CHECK(breaker.state() == State::half_open);
  CHECK(breaker.dump() == "half open, run 7 is the probe");
  CHECK_FALSE(breaker.permits(noon + 10min));
  CHECK(breaker.run_ended(7, Outcome::success, noon + 11min));
  CHECK(breaker.state() == State::closed);
}

TEST_CASE("a wall clock that is set back does not keep it open for ever", "[breaker]") {
  Breaker breaker = opened_at(noon).breaker;
  CHECK_FALSE(breaker.permits(noon - 24h));
  CHECK(breaker.open_until() == noon - 24h + 10min);
  CHECK(breaker.permits(noon - 24h + 10min));
}

TEST_CASE("failures from before the clock was set back are still in the window", "[breaker]") {
  Runs runs(three_in_a_row());
  runs.end(Outcome::failure, noon);
  runs.end(Outcome::failure, noon);
  CHECK(runs.end(Outcome::failure, noon - 24h));
}

TEST_CASE("after a restart it is open until the cooldown is over, and no longer", "[breaker]") {
  Breaker breaker(three_in_a_row());
  breaker.restore_open(noon + 5min, noon);
  CHECK(breaker.state() == State::open);
  CHECK(breaker.permits(noon + 5min));
  breaker.restore_open(noon + 24h, noon);
  CHECK(breaker.open_until() == noon + 10min);
}

TEST_CASE("a reset closes it as new", "[breaker]") {
  Runs runs = opened_at(noon);
  CHECK(runs.breaker.dump() == "open until 2027-01-15T08:10:00Z");
  runs.breaker.reset();
  CHECK(runs.breaker.permits(noon));
  CHECK_FALSE(runs.end(Outcome::failure, noon));
}
