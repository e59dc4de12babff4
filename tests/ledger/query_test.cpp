// History is asked newest first, and only for what is wanted.
#include <catch2/catch.hpp>

#include <algorithm>

#include "ledger/sqlite.hpp"
#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;

namespace {

std::vector<RunId> ids(const std::vector<RunRow>& rows) {
  std::vector<RunId> found;
  std::ranges::transform(rows, std::back_inserter(found), &RunRow::run);
  return found;
}

}  // namespace

TEST_CASE("runs come newest first, of one job or of all, by outcome, since and up to a limit", "[ledger]") {
  TempLedger temp;
  write_whole_run(*temp.ledger, "a", 10s, 1);
  write_whole_run(*temp.ledger, "b", 20s, 2, Outcome::failure);
  write_whole_run(*temp.ledger, "a", 30s, 3, Outcome::timeout);
  temp.write(run_start("b", 40s, 4));
  temp.sync();
  const auto reader = temp.reader();

  CHECK(ids(reader->runs({})) == std::vector<RunId>{4, 3, 2, 1});
  CHECK(ids(reader->runs({.job = "a", .outcomes = {}, .since = {}})) == std::vector<RunId>{3, 1});
  CHECK(ids(reader->runs({.job = "", .outcomes = {Outcome::failure, Outcome::timeout}, .since = {}})) ==
        std::vector<RunId>{3, 2});
  CHECK(ids(reader->runs({.job = "a", .outcomes = {Outcome::failure}, .since = {}})).empty());
  CHECK(ids(reader->runs({.job = "", .outcomes = {}, .since = at(20s)})) == std::vector<RunId>{4, 3, 2});
  CHECK(ids(reader->runs({.job = "b", .outcomes = {}, .since = at(30s)})) == std::vector<RunId>{4});
  CHECK(ids(reader->runs({.job = "", .outcomes = {}, .since = {}, .limit = 2})) == std::vector<RunId>{4, 3});
  CHECK(ids(reader->runs({.job = "", .outcomes = {}, .since = {}, .limit = 0})) == std::vector<RunId>{4});
  CHECK(reader->runs({.job = "nobody's", .outcomes = {}, .since = {}}).empty());
}

TEST_CASE("the runs that were under way at an instant, and since when a job is declared", "[ledger]") {
  TempLedger temp;
  write_whole_run(*temp.ledger, "a", 10s, 1);  // from 10.001 s to 10.010 s
  write_whole_run(*temp.ledger, "a", 20s, 2);
  temp.write(run_start("a", 30s, 3));
  temp.write(JobDeclared{.job = "a", .fingerprint = "f", .at = at(5s)});
  temp.sync();
  const auto reader = temp.reader();
  CHECK(ids(reader->runs({.job = "a", .under_way_at = at(10s + 5ms)})) == std::vector<RunId>{1});
  CHECK(ids(reader->runs({.job = "a", .under_way_at = at(10s + 10ms)})) == std::vector<RunId>{1});
  CHECK(ids(reader->runs({.job = "a", .under_way_at = at(15s)})).empty());
  CHECK(ids(reader->runs({.job = "", .under_way_at = at(40s)})) == std::vector<RunId>{3});
  CHECK(reader->declared("a")->at == at(5s));
  CHECK_FALSE(reader->declared("nobody's"));
  temp.write(JobDeclared{.job = "a", .fingerprint = "", .at = at(6s)});
  temp.sync();
  CHECK_FALSE(reader->declared("a"));
}

TEST_CASE("slots come newest first, of one job or of all, since and up to a limit", "[ledger]") {
  TempLedger temp;
  temp.write(started_slot("a", 10s, 1));
  temp.write(started_slot("b", 20s, 2));
  temp.write(started_slot("a", 30s, 3));
  temp.sync();
  const auto reader = temp.reader();
  const auto runs_of = [](const std::vector<SlotClosed>& slots) {
    std::vector<RunId> found;
    for (const SlotClosed& slot : slots) found.push_back(slot.run.value());
    return found;
  };
  CHECK(runs_of(reader->slots({})) == std::vector<RunId>{3, 2, 1});
  CHECK(runs_of(reader->slots({.job = "a", .since = {}})) == std::vector<RunId>{3, 1});
  CHECK(runs_of(reader->slots({.job = "", .since = at(15s)})) == std::vector<RunId>{3, 2});
  CHECK(runs_of(reader->slots({.job = "", .since = {}, .limit = 1})) == std::vector<RunId>{3});
  CHECK(reader->slots({.job = "nobody's", .since = {}}).empty());
}

TEST_CASE("an instant leads to the entry that covers it, and to those beside it", "[ledger]") {
  TempLedger temp;
  temp.write(started_slot("a", 10s, 1));
  auto span = started_slot("a", 20s, 2);
  span.last_scheduled_at = at(50s);
  span.count = 4;
  temp.write(span);
  temp.write(started_slot("a", 60s, 3));
  temp.write(started_slot("b", 30s, 4));
  temp.sync();
  const auto reader = temp.reader();
  const auto runs_around = [&](Duration instant) {
    const SlotsAround found = reader->slot_at("a", at(instant));
    const auto run_of = [](const std::optional<SlotClosed>& slot) { return slot ? slot->run.value() : 0; };
    return std::vector<RunId>{run_of(found.before), run_of(found.covering), run_of(found.after)};
  };
  CHECK(runs_around(9s) == std::vector<RunId>{0, 0, 1});
  CHECK(runs_around(10s) == std::vector<RunId>{0, 1, 2});
  CHECK(runs_around(15s) == std::vector<RunId>{1, 0, 2});
  CHECK(runs_around(20s) == std::vector<RunId>{1, 2, 3});
  CHECK(runs_around(33s) == std::vector<RunId>{1, 2, 3});
  CHECK(runs_around(50s) == std::vector<RunId>{1, 2, 3});
  CHECK(runs_around(51s) == std::vector<RunId>{2, 0, 3});
  CHECK(runs_around(60s) == std::vector<RunId>{2, 3, 0});
  CHECK(runs_around(61s) == std::vector<RunId>{3, 0, 0});
  CHECK_FALSE(reader->slot_at("nobody's", at(10s)).after);
}

TEST_CASE("durations are those of the job's runs that ended, newest first, up to a limit", "[ledger]") {
  TempLedger temp;
  write_whole_run(*temp.ledger, "a", 10s, 1);
  write_whole_run(*temp.ledger, "b", 20s, 2);
  write_whole_run(*temp.ledger, "a", 30s, 3, Outcome::failure);
  temp.write(run_start("a", 40s, 4));
  temp.sync();
  const auto spans = temp.reader()->durations("a", 10);
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].run == 3);
  CHECK(spans[0].outcome == Outcome::failure);
  CHECK(spans[1].run == 1);
  CHECK(spans[1].started_at == at(10s + 1ms));
  CHECK(spans[1].ended_at == at(10s + 10ms));
  CHECK(spans[1].outcome == Outcome::success);
  CHECK(temp.reader()->durations("a", 1).size() == 1);
  CHECK(temp.reader()->durations("nobody's", 1).empty());
}

TEST_CASE("every question about history follows an index", "[ledger]") {
  TempLedger temp;
  sqlite::Connection connection(temp.path, sqlite::Mode::read_only);
  const auto plan = [&](const std::string& sql) {
    sqlite::Statement statement(connection, ("EXPLAIN QUERY PLAN " + sql).c_str());
    std::string text;
    while (statement.step()) text += statement.string(3) + "\n";
    return text;
  };
  const auto is_indexed = [](const std::string& text) {
    return text.find("TEMP B-TREE") == std::string::npos && text.find("SCAN") == std::string::npos;
  };
  CHECK(is_indexed(plan("SELECT * FROM runs WHERE job_id = 1 ORDER BY id DESC LIMIT 50")));
  CHECK(is_indexed(plan("SELECT * FROM runs WHERE started_at >= 1 ORDER BY started_at DESC, id DESC LIMIT 50")));
  CHECK(is_indexed(plan("SELECT * FROM slots WHERE job_id = 1 ORDER BY scheduled_at DESC LIMIT 50")));
  CHECK(is_indexed(plan("SELECT * FROM slots WHERE scheduled_at < 1 ORDER BY scheduled_at LIMIT 50")));
  CHECK(is_indexed(plan("SELECT * FROM slots WHERE job_id = 1 AND scheduled_at > 1 ORDER BY scheduled_at LIMIT 1")));
  CHECK(is_indexed(plan("DELETE FROM claims WHERE job_id = 1 AND scheduled_at <= 2")));
  CHECK(is_indexed(plan("SELECT * FROM daemon_marks WHERE at < 1 ORDER BY at DESC, id DESC LIMIT 1")));
  CHECK(is_indexed(plan("SELECT head FROM outputs WHERE job_id = 1 AND run_id = 2 AND attempt = 1 AND stream = ''")));
}

TEST_CASE("people can read the views", "[ledger]") {
  TempLedger temp;
  write_whole_run(*temp.ledger, "a", 90s + 250ms, 1, Outcome::failure);
  temp.sync();
  sqlite::Connection connection(temp.path, sqlite::Mode::read_only);
  CHECK(connection.text("SELECT job || ' ' || outcome || ' ' || scheduled_at FROM v_runs") ==
        "a failure 2026-01-01T00:01:30.250Z");
  CHECK(connection.text("SELECT job || ' ' || attempt || ' ' || message FROM v_attempts") == "a 1 exit code 1");
  CHECK(connection.text("SELECT job || ' ' || result || ' ' || scheduled_at FROM v_slots") ==
        "a started 2026-01-01T00:01:30.250Z");
}
