// A claim stands from the moment it is durable until its slot is closed.
#include <catch2/catch.hpp>

#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;

namespace {

SlotClaimed claim(std::string job, Duration due) {
  return {.job = std::move(job), .scheduled_at = at(due), .at = at(due - 1s)};
}

// "a@10 b@20": the claims that a restart would find, by their due instants.
std::string claims(const TempLedger& temp) {
  std::string text;
  for (const SlotClaimed& found : temp.reader()->resume().claims) {
    const auto due = std::chrono::duration_cast<std::chrono::seconds>(found.scheduled_at - at(0s));
    text += (text.empty() ? "" : " ") + found.job + "@" + std::to_string(due.count());
  }
  return text;
}

}  // namespace

TEST_CASE("a claim comes back as it was written until its slot is closed", "[ledger]") {
  TempLedger temp;
  temp.write(claim("a", 10s));
  temp.reopen();
  const auto found = temp.reader()->resume().claims;
  REQUIRE(found.size() == 1);
  CHECK(found[0].job == "a");
  CHECK(found[0].scheduled_at == at(10s));
  CHECK(found[0].at == at(9s));
  temp.write(started_slot("a", 10s, 1));  // by the next daemon
  temp.sync();
  CHECK(claims(temp).empty());
}

TEST_CASE("a slot takes away its own claims and no others: an older one may still wait for its turn", "[ledger]") {
  TempLedger temp;
  for (const Duration due : {10s, 20s, 30s}) {
    temp.write(claim("a", due));
    temp.write(claim("b", due));
  }
  auto span = started_slot("a", 15s, 1);
  span.last_scheduled_at = at(25s);
  span.count = 3;
  temp.write(span);
  temp.sync();
  CHECK(claims(temp) == "a@10 b@10 b@20 a@30 b@30");
}

TEST_CASE("a slot is claimed once, and not when it is closed", "[ledger]") {
  TempLedger temp;
  auto span = started_slot("a", 10s, 1);
  span.last_scheduled_at = at(30s);
  span.count = 3;
  temp.write(span);
  temp.write(claim("a", 10s));
  temp.write(claim("a", 20s));
  temp.write(claim("a", 30s));
  temp.sync();
  CHECK(claims(temp).empty());
  CHECK(temp.ledger->stats().refused == 3);
  temp.write(claim("a", 40s));
  temp.write(claim("a", 40s));
  temp.sync();
  CHECK(claims(temp) == "a@40");
  CHECK(temp.ledger->stats().refused == 4);
  CHECK_THAT(temp.ledger->stats().last_refusal, Catch::Matchers::Contains("claimed or closed before"));
}

TEST_CASE("a claim can be withdrawn: its slot is not due any more", "[ledger]") {
  TempLedger temp;
  temp.write(claim("a", 10s));
  temp.write(claim("a", 20s));
  auto withdrawn = claim("a", 20s);
  withdrawn.withdrawn = true;
  temp.write(withdrawn);
  temp.sync();
  CHECK(claims(temp) == "a@10");
  CHECK(temp.ledger->stats().refused == 0);
}
