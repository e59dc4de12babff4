// What explains a slot's fate is on record, and is found by the span of time that it touches.
#include <catch2/catch.hpp>

#include "ledger/sqlite.hpp"
#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;

namespace {

PauseChanged pause(std::string job, Duration when, std::string reason, std::optional<WallTime> until = {}) {
  return {
      .job = std::move(job), .paused = true, .reason = std::move(reason), .by = "ann", .at = at(when), .until = until};
}

PauseChanged unpause(std::string job, Duration when, std::string by) {
  return {.job = std::move(job), .paused = false, .reason = "done", .by = std::move(by), .at = at(when)};
}

BreakerChanged breaker(std::string job, Duration when, bool open) {
  return {.job = std::move(job),
          .open = open,
          .until = open ? std::optional{at(when + 60s)} : std::nullopt,
          .at = at(when),
          .why = open ? "5 failures in a row" : "the probe succeeded"};
}

GenerationApplied generation(Duration when, std::uint64_t number) {
  return {.generation = number,
          .at = at(when),
          .fingerprint = std::string(64, 'a'),
          .jobs = 12,
          .added = 3,
          .changed = 2,
          .removed = 1};
}

struct Name {
  std::string operator()(const PauseChanged& p) const { return (p.paused ? "paused " : "resumed ") + p.job; }
  std::string operator()(const BreakerChanged& b) const { return (b.open ? "open " : "closed ") + b.job; }
  std::string operator()(const ClockJumped& c) const { return c.what == ClockJumped::What::set ? "set" : "suspend"; }
  std::string operator()(const ZonesChanged& z) const { return "zones " + z.now; }
  std::string operator()(const GenerationApplied& g) const { return "generation " + std::to_string(g.generation); }
  std::string operator()(const DaemonMark& m) const {
    return m.what == DaemonMark::What::started ? "started" : "stopped";
  }
  std::string operator()(const auto&) const { return "something else"; }
};

// "paused a, resumed a, suspend": what was found, in short.
std::string in_short(const std::vector<Entry>& entries) {
  std::string text;
  for (const Entry& entry : entries) text += (text.empty() ? "" : ", ") + std::visit(Name{}, entry);
  return text;
}

std::string touching(const TempLedger& temp, Duration since, Duration until, std::string job = {}) {
  return in_short(temp.reader()->happenings({.job = std::move(job), .since = at(since), .until = at(until)}));
}

}  // namespace

TEST_CASE("a span shows what happened inside it, and what was in force when it began", "[ledger]") {
  TempLedger temp;
  temp.write(DaemonMark{.what = DaemonMark::What::started, .at = at(10s)});
  temp.write(ZonesChanged{.at = at(10s), .before = "", .now = "2026a"});
  temp.write(generation(11s, 1));
  temp.write(pause("a", 20s, "repair"));
  temp.write(breaker("b", 30s, true));
  temp.write(generation(40s, 2));
  temp.write(unpause("a", 50s, "ben"));
  temp.write(breaker("b", 60s, false));
  temp.write(ZonesChanged{.at = at(70s), .before = "2026a", .now = "2026b"});
  temp.write(DaemonMark{.what = DaemonMark::What::stopped, .at = at(80s)});
  temp.sync();

  CHECK(
      touching(temp, 0s, 100s) ==
      "started, zones 2026a, generation 1, paused a, open b, generation 2, resumed a, closed b, zones 2026b, stopped");
  CHECK(touching(temp, 0s, 5s).empty());
  CHECK(touching(temp, 35s, 36s) == "started, zones 2026a, generation 1, paused a, open b");
  CHECK(touching(temp, 45s, 55s) == "started, zones 2026a, paused a, open b, generation 2, resumed a");
  CHECK(touching(temp, 65s, 66s) == "started, zones 2026a, generation 2");
  CHECK(touching(temp, 90s, 91s) == "generation 2, zones 2026b, stopped");
  CHECK(touching(temp, 35s, 36s, "a") == "started, zones 2026a, generation 1, paused a");
  CHECK(touching(temp, 35s, 36s, "b") == "started, zones 2026a, generation 1, open b");
}

TEST_CASE("a step of the clock touches all that it leapt over", "[ledger]") {
  TempLedger temp;
  temp.write(ClockJumped{.at = at(1000s), .step = 600s, .what = ClockJumped::What::suspend});
  temp.write(ClockJumped{.at = at(2000s), .step = -300s});
  temp.sync();
  CHECK(touching(temp, 399s, 399s).empty());
  CHECK(touching(temp, 700s, 700s) == "suspend");
  CHECK(touching(temp, 1999s, 1999s).empty());
  CHECK(touching(temp, 2300s, 2400s) == "set");
  CHECK(touching(temp, 2301s, 2400s).empty());

  const auto found = temp.reader()->happenings({.since = at(0s), .until = at(3000s)});
  REQUIRE(found.size() == 2);
  const auto& slept = std::get<ClockJumped>(found[0]);
  CHECK(slept.at == at(1000s));
  CHECK(slept.step == 600s);
}

TEST_CASE("every happening comes back as it was written", "[ledger]") {
  TempLedger temp;
  temp.write(pause("a", 1s, "repair", at(90s)));
  temp.write(unpause("a", 2s, "ben"));
  temp.write(breaker("a", 3s, true));
  temp.write(ZonesChanged{.at = at(4s), .before = "2026a", .now = "2026b"});
  temp.write(generation(5s, 7));
  temp.sync();
  const auto found = temp.reader()->happenings({.since = at(0s), .until = at(9s)});
  REQUIRE(found.size() == 5);
  const auto& began = std::get<PauseChanged>(found[0]);
  CHECK(began.job == "a");
  CHECK(began.paused);
  CHECK(began.reason == "repair");
  CHECK(began.by == "ann");
  CHECK(began.at == at(1s));
  CHECK(began.until == at(90s));
  const auto& ended = std::get<PauseChanged>(found[1]);
  CHECK_FALSE(ended.paused);
  CHECK(ended.reason == "done");
  CHECK(ended.by == "ben");
  CHECK(ended.at == at(2s));
  const auto& opened = std::get<BreakerChanged>(found[2]);
  CHECK(opened.open);
  CHECK(opened.until == at(63s));
  CHECK(opened.at == at(3s));
  CHECK(opened.why == "5 failures in a row");
  const auto& zones = std::get<ZonesChanged>(found[3]);
  CHECK(zones.at == at(4s));
  CHECK(zones.before == "2026a");
  CHECK(zones.now == "2026b");
  const auto& applied = std::get<GenerationApplied>(found[4]);
  CHECK(applied.generation == 7);
  CHECK(applied.at == at(5s));
  CHECK(applied.fingerprint == std::string(64, 'a'));
  CHECK(applied.jobs == 12);
  CHECK(applied.added == 3);
  CHECK(applied.changed == 2);
  CHECK(applied.removed == 1);
}

TEST_CASE("a job that is paused again is paused for the new reason, and the old pause ended then", "[ledger]") {
  TempLedger temp;
  temp.write(pause("a", 10s, "repair"));
  temp.write(pause("a", 20s, "still broken", at(500s)));
  temp.sync();
  CHECK(touching(temp, 0s, 30s) == "paused a, resumed a, paused a");
  CHECK(touching(temp, 25s, 30s) == "paused a");
  const auto paused = temp.reader()->resume().paused;
  REQUIRE(paused.size() == 1);
  CHECK(paused[0].reason == "still broken");
  CHECK(paused[0].until == at(500s));
}

TEST_CASE("many happenings are bounded: the newest inside the span, and what was in force before", "[ledger]") {
  TempLedger temp;
  for (std::uint64_t number = 1; number <= 50; ++number) {
    temp.write(generation(std::chrono::seconds{number}, number));
  }
  temp.sync();
  const auto found = temp.reader()->happenings({.since = at(10s), .until = at(40s), .limit = 2});
  CHECK(in_short(found) == "generation 9, generation 39, generation 40");
}

TEST_CASE("breakers that are open survive a restart", "[ledger]") {
  TempLedger temp;
  temp.write(breaker("a", 1s, true));
  temp.write(breaker("b", 2s, true));
  temp.write(breaker("a", 3s, false));
  temp.reopen();
  const auto breakers = temp.reader()->resume().breakers;
  REQUIRE(breakers.size() == 1);
  CHECK(breakers[0].job == "b");
  CHECK(breakers[0].open);
  CHECK(breakers[0].until == at(62s));
  CHECK(breakers[0].at == at(2s));
  CHECK(breakers[0].why == "5 failures in a row");
}

TEST_CASE("the zones and the generation that were last in force survive a restart", "[ledger]") {
  TempLedger temp;
  CHECK_FALSE(temp.reader()->resume().last_zones);
  CHECK_FALSE(temp.reader()->resume().last_generation);
  temp.write(ZonesChanged{.at = at(1s), .before = "", .now = "2026a"});
  temp.write(generation(2s, 1));
  temp.write(generation(3s, 2));
  temp.reopen();
  const Resume resume = temp.reader()->resume();
  REQUIRE(resume.last_zones);
  CHECK(resume.last_zones->now == "2026a");
  REQUIRE(resume.last_generation);
  CHECK(resume.last_generation->generation == 2);
  CHECK(resume.last_generation->fingerprint == std::string(64, 'a'));
}

TEST_CASE("people can read what happened, in order of time", "[ledger]") {
  TempLedger temp;
  temp.write(DaemonMark{.what = DaemonMark::What::started, .at = at(1s)});
  temp.write(generation(2s, 4));
  temp.write(pause("a", 3s, "repair", at(90s)));
  temp.write(ClockJumped{.at = at(4s), .step = 1500ms});
  temp.write(ClockJumped{.at = at(5s), .step = 60s, .what = ClockJumped::What::suspend});
  temp.write(ZonesChanged{.at = at(6s), .before = "2026a", .now = "2026b"});
  temp.write(breaker("a", 7s, true));
  temp.write(unpause("a", 8s, "ben"));
  temp.sync();
  sqlite::Connection connection(temp.path, sqlite::Mode::read_only);
  sqlite::Statement row(connection,
                        "SELECT at || '|' || what || '|' || ifnull(job, '') || '|' || ifnull(until, '') || '|' || "
                        "ifnull(by, '') || '|' || detail FROM v_happenings ORDER BY at");
  std::vector<std::string> rows;
  while (row.step()) rows.push_back(row.string(0));
  CHECK(rows == std::vector<std::string>{
                    "2026-01-01T00:00:01.000Z|daemon_started||||",
                    "2026-01-01T00:00:02.000Z|generation_applied||||generation 4: 12 jobs, 3 added, 2 changed, "
                    "1 removed; aaaaaaaaaaaa",
                    "2026-01-01T00:00:03.000Z|paused|a|2026-01-01T00:01:30.000Z|ann|repair",
                    "2026-01-01T00:00:04.000Z|clock_set||||+1.500 s",
                    "2026-01-01T00:00:05.000Z|suspend||||+60.000 s",
                    "2026-01-01T00:00:06.000Z|zones_changed||||2026a -> 2026b",
                    "2026-01-01T00:00:07.000Z|breaker_opened|a|2026-01-01T00:01:07.000Z||5 failures in a row",
                    "2026-01-01T00:00:08.000Z|resumed|a||ben|done",
                });
}
