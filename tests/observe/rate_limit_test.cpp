#include "observe/rate_limit.hpp"

#include <catch2/catch.hpp>

namespace belfry::observe {
namespace {

using namespace std::chrono_literals;

RateLimit::Instant since_boot(std::chrono::nanoseconds since) { return RateLimit::Instant{since}; }

TEST_CASE("the first of its kind passes, its like are held back and counted") {
  RateLimit limit(60s);
  CHECK(limit.admit("a", since_boot(0s)) == 0);
  CHECK_FALSE(limit.admit("a", since_boot(1s)));
  CHECK_FALSE(limit.admit("a", since_boot(59s)));
  CHECK(limit.admit("b", since_boot(59s)) == 0);
  CHECK(limit.admit("a", since_boot(60s)) == 2);
  CHECK_FALSE(limit.admit("a", since_boot(61s)));
}

TEST_CASE("a clock that is set back does not silence a warning") {
  RateLimit limit(60s);
  CHECK(limit.admit("a", since_boot(1000s)) == 0);
  CHECK(limit.admit("a", since_boot(10s)) == 0);
}

TEST_CASE("kinds without end do not fill the memory: after a flood the limit still works") {
  RateLimit limit(60s);
  for (int i = 0; i < 10'000; ++i) CHECK(limit.admit(std::to_string(i), since_boot(1s)) == 0);
  CHECK_FALSE(limit.admit("9999", since_boot(2s)));
}

}  // namespace
}  // namespace belfry::observe
