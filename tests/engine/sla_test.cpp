#include "engine/sla.hpp"

#include <catch2/catch.hpp>

namespace belfry::engine {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a breach is one sentence for a person, with no more digits than are read") {
  SlaBreached breach;
  breach.check = SlaCheck::max_time_since_success;
  breach.limit = 26h;
  breach.value = 26h + 3min + 1ms;
  CHECK(describe(breach) == "no success for 26h3m, and 26h are agreed");
  breach.check = SlaCheck::late_after;
  breach.limit = 5min;
  breach.value = 5min;
  CHECK(describe(breach) == "a slot waits since 5m, and 5m are agreed");
  breach.run = 7;
  breach.value = 6min + 999ms;
  CHECK(describe(breach) == "a run started 6m after it was due, and 5m are agreed");
  breach.check = SlaCheck::max_runtime;
  CHECK(describe(breach) == "a run has been under way for 6m, and 5m are agreed");
  breach.check = SlaCheck::too_often;
  breach.count = 3;
  breach.value = 1500us;
  CHECK(describe(breach) == "4 runs started within 1ms, and 3 within 5m are agreed");
  breach.check = SlaCheck::duration_regression;
  breach.value = 9s + 1234567us;
  breach.limit = 6s + 1us;
  CHECK(describe(breach) == "the last runs took 10s, and by those before them up to 6s are agreed");
}

TEST_CASE("a policy declares the checks that it has a limit for") {
  for (const SlaCheck check : all_sla_checks) CHECK_FALSE(SlaPolicy{}.declares(check));
  CHECK(SlaPolicy{}.empty());
  const SlaPolicy policy{.too_often = StartLimit{.count = 2, .within = 1h}, .duration_regression = 0.5};
  CHECK_FALSE(policy.empty());
  for (const SlaCheck check : all_sla_checks) {
    CHECK(policy.declares(check) == (check == SlaCheck::too_often || check == SlaCheck::duration_regression));
  }
}

}  // namespace
}  // namespace belfry::engine
