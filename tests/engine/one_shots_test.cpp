// Delayed one-shots: a million may wait, and each becomes a job when its time is near.
#include "engine/one_shots.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <random>

#include "engine/noon.hpp"
#include "engine/test_bed.hpp"
#include "support/async_fixture.hpp"

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;
using engine::OneShots;

namespace {

ledger::OneShotAdded shot(std::string name, WallTime due) {
  return {.name = std::move(name),
          .due = due,
          .argv = {"echo", "", "two words", "tail\n"},
          .working_dir = "/srv",
          .environment = {{"EMPTY", ""}, {"PATH", "/bin:/usr/bin"}, {"SIGN", "a=b"}},
          .by = "ada",
          .at = noon - 1h};
}

bool same(const ledger::OneShotAdded& a, const ledger::OneShotAdded& b) {
  return a.name == b.name && a.due == b.due && a.argv == b.argv && a.working_dir == b.working_dir &&
         a.environment == b.environment && a.by == b.by && a.at == b.at;
}

// The daemon serves for that long; `look` is called at its beginning.
async::Task<> live(TestBed& bed, std::shared_ptr<const engine::Catalog> jobs, engine::Duration span,
                   std::function<void()> look) {
  async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
  while (!bed.engine.serving()) co_await async::yield();
  bed.engine.apply(std::move(jobs));
  co_await async::sleep(1s);
  look();
  co_await async::sleep(span);
  co_await bed.engine.drain(0s);
  co_await std::move(serving).join();
}

}  // namespace

TEST_CASE("a one-shot comes out as it went in", "[one-shots]") {
  OneShots shots;
  ledger::OneShotAdded bare{
      .name = "bare", .due = noon, .argv = {"true"}, .working_dir = {}, .environment = {}, .by = {}, .at = {}};
  shots.add(bare);
  shots.add(shot("full", noon));
  CHECK(same(*shots.find("bare"), bare));
  CHECK(same(*shots.find("full"), shot("full", noon)));
  CHECK(same(*shots.take("full"), shot("full", noon)));
  CHECK_FALSE(shots.contains("full"));
  CHECK_FALSE(shots.find("full"));
  CHECK_FALSE(shots.take("full"));
  CHECK(shots.size() == 1);
}

TEST_CASE("two one-shots of one name are a mistake of the caller", "[one-shots]") {
  OneShots shots;
  shots.add(shot("twice", noon));
  CHECK_THROWS_AS(shots.add(shot("twice", noon + 1s)), std::logic_error);
  CHECK(shots.size() == 1);
  CHECK(shots.take_due(noon + 1h)->due == noon);
  CHECK_FALSE(shots.take_due(noon + 1h));
}

TEST_CASE("whatever order they come in, they go by their time, and those of one time in the order of their coming",
          "[one-shots]") {
  OneShots shots;
  std::mt19937_64 random(7);
  std::multimap<WallTime, std::string> expected;
  for (int i = 0; i < 2000; ++i) {
    const WallTime due = noon + std::chrono::seconds{random() % 500};
    const std::string name = "n" + std::to_string(i);
    shots.add(shot(name, due));
    expected.emplace(due, name);
    if (i % 3 != 0) continue;
    const std::string victim = "n" + std::to_string(random() % static_cast<unsigned>(i + 1));
    const auto taken = shots.take(victim);
    std::erase_if(expected, [&](const auto& item) { return item.second == victim; });
    CHECK_FALSE(shots.contains(victim));
    if (taken) CHECK(taken->name == victim);
  }
  const auto first = shots.first(10);
  CHECK(first.size() == 10);
  CHECK(first.front().name == expected.begin()->second);
  CHECK(shots.size() == expected.size());
  for (const auto& [due, name] : expected) {
    CHECK(shots.earliest() == due);
    CHECK_FALSE(shots.take_due(due - 1ns));
    const auto taken = shots.take_due(due);
    REQUIRE(taken);
    CHECK(taken->name == name);
  }
  CHECK_FALSE(shots.earliest());
}

TEST_CASE("a fresh name is one that none has borne", "[one-shots]") {
  OneShots shots;
  CHECK(shots.fresh_name() == "one-shot-1");
  shots.add(shot("one-shot-41", noon));
  shots.add(shot("one-shot-7x", noon));
  CHECK(shots.fresh_name() == "one-shot-42");
}

TEST_CASE("a hundred thousand one-shots wait, are listed by their time, and the one that is due runs", "[one-shots]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    constexpr int many = 100'000;
    const WallTime begin = now();
    auto past = std::make_shared<ledger::Resume>();
    for (int i = 0; i < many; ++i)
      past->one_shots.push_back(shot("one-shot-" + std::to_string(many - i), begin + i * 1min));
    bed.engine.resume(TestBed::past(past));
    co_await live(bed, catalog({job("daily", every(24h))}), 150s, [&] {
      CHECK(bed.engine.status().one_shots == many - 1);
      CHECK(bed.engine.status().jobs == many - 1 + 1);
      const auto listed = bed.engine.jobs(3);
      REQUIRE(listed.size() == 4);
      CHECK(listed[1].name == "one-shot-99999");
      CHECK(listed[1].one_shot);
      CHECK(listed[1].next == begin + 1min);
      CHECK(bed.engine.job("one-shot-5")->next == begin + (many - 5) * 1min);
      ledger::OneShotAdded unnamed = shot("", begin + 24h);
      CHECK(bed.engine.add_one_shot(unnamed) == "one-shot-100001");
    });
    CHECK(bed.one_shots_run == std::vector<std::string>{"one-shot-100000", "one-shot-99999", "one-shot-99998"});
    CHECK(bed.ledger.all<ledger::OneShotRemoved>().size() == 3);
  });
}

TEST_CASE("one that waits can be withdrawn, paused, and run by hand", "[one-shots]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    co_await live(bed, catalog({}), 2h, [&] {
      REQUIRE(bed.engine.add_one_shot(shot("withdrawn", now() + 1h)));
      REQUIRE(bed.engine.add_one_shot(shot("paused", now() + 1h)));
      REQUIRE(bed.engine.add_one_shot(shot("early", now() + 1h)));
      CHECK_FALSE(bed.engine.add_one_shot(shot("early", now() + 2h)));
      CHECK(bed.engine.cancel_job("withdrawn", "ada") == 0);
      REQUIRE(bed.engine.remove_one_shot("withdrawn"));
      CHECK_FALSE(bed.engine.job("withdrawn"));
      REQUIRE(bed.engine.pause("paused", "not now", "ada"));
      CHECK(bed.engine.job("paused")->paused);
      REQUIRE(bed.engine.run_now("early"));
    });
    CHECK(bed.one_shots_run == std::vector<std::string>{"early", "early"});
    CHECK(bed.slots(ledger::SlotResult::skipped).front().reason == ledger::SlotReason::paused);
  });
}

TEST_CASE("a one-shot whose name the configuration has taken runs under another", "[one-shots]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = std::make_shared<ledger::Resume>();
    past->one_shots.push_back(shot("backup", now() + 1min));
    bed.engine.resume(TestBed::past(past));
    co_await live(bed, catalog({job("backup", every(24h), takes(1h))}), 2min, [&] {
      REQUIRE(bed.engine.run_now("backup"));
      CHECK(bed.engine.cancel_job("backup", "ada") == 1);  // the name is that of the declared job
    });
    CHECK(bed.one_shots_run == std::vector<std::string>{"one-shot-1"});
    CHECK(bed.ledger.all<ledger::OneShotAdded>().front().name == "one-shot-1");
    CHECK(bed.ledger.all<ledger::OneShotRemoved>().front().name == "backup");
  });
}
