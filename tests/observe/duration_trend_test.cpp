#include "observe/duration_trend.hpp"

#include <catch2/catch.hpp>

namespace belfry::observe {
namespace {

using namespace std::chrono_literals;

/// So many runs that take that long, after those that are there.
void add(DurationTrend& trend, ledger::RunId& next, std::size_t runs, ledger::Duration took) {
  for (std::size_t i = 0; i < runs; ++i) trend.add(next++, took);
}

TEST_CASE("runs that take longer than agreed are slower when most of the recent ones do") {
  DurationTrend trend;
  ledger::RunId run = 1;
  add(trend, run, 12, 10s);
  add(trend, run, 5, 10s);
  REQUIRE(trend.compare(0.5));
  CHECK(trend.compare(0.5)->agreed == 15s);
  CHECK_FALSE(trend.compare(0.5)->slower);
  add(trend, run, 2, 60s);  // two odd ones of five
  CHECK_FALSE(trend.compare(0.5)->slower);
  add(trend, run, 1, 60s);
  CHECK(trend.compare(0.5)->slower);
  CHECK(trend.compare(0.5)->recent == 60s);
  CHECK_FALSE(trend.compare(9)->slower);
}

TEST_CASE("too few runs, and differences below a second, say nothing") {
  DurationTrend trend;
  ledger::RunId run = 1;
  add(trend, run, 9, 100ms);
  add(trend, run, 5, 900ms);
  CHECK_FALSE(trend.compare(0.5));
  DurationTrend known;
  add(known, run, 10, 100ms);
  add(known, run, 5, 1100ms);
  CHECK_FALSE(known.compare(0.5)->slower);  // 11 times as long, and it is a second
  add(known, run, 5, 1101ms);
  CHECK(known.compare(0.5)->slower);
}

TEST_CASE("what lasts becomes the measure, and a run that is told twice counts once") {
  DurationTrend trend;
  ledger::RunId run = 1;
  add(trend, run, 20, 10s);
  add(trend, run, 5, 40s);
  CHECK(trend.compare(0.5)->slower);
  for (int i = 0; i < 100; ++i) trend.add(1, 99h);
  CHECK(trend.compare(0.5)->agreed == 15s);
  add(trend, run, 60, 40s);
  CHECK_FALSE(trend.compare(0.5)->slower);
}

TEST_CASE("the history may be told after what followed it") {
  DurationTrend trend;
  for (ledger::RunId run = 100; run < 105; ++run) trend.add(run, 40s);
  for (ledger::RunId run = 99; run > 80; --run) trend.add(run, 10s);
  CHECK(trend.compare(0.5)->recent == 40s);
  CHECK(trend.compare(0.5)->slower);
}

}  // namespace
}  // namespace belfry::observe
