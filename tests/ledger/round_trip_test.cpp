// Every kind of entry comes back as it was written.
#include <catch2/catch.hpp>

#include <algorithm>

#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;

TEST_CASE("a slot comes back as it was written", "[ledger]") {
  TempLedger temp;
  SlotClosed range{.job = "poll",
                   .scheduled_at = at(5s),
                   .last_scheduled_at = at(500s),
                   .count = 100,
                   .result = SlotResult::coalesced,
                   .reason = SlotReason::down,
                   .run = 7,
                   .closed_at = at(1000s + 1ns)};
  temp.write(range);
  temp.write(started_slot("poll", 1000s, 8));
  temp.sync();

  const auto slots = temp.reader()->slots({.job = "poll", .since = {}, .limit = 50});
  REQUIRE(slots.size() == 2);
  CHECK(slots[0].scheduled_at == at(1000s));
  CHECK(slots[0].result == SlotResult::started);
  CHECK(slots[0].reason == SlotReason::none);
  CHECK(slots[1].job == "poll");
  CHECK(slots[1].scheduled_at == range.scheduled_at);
  CHECK(slots[1].last_scheduled_at == range.last_scheduled_at);
  CHECK(slots[1].count == 100);
  CHECK(slots[1].result == SlotResult::coalesced);
  CHECK(slots[1].reason == SlotReason::down);
  CHECK(slots[1].run == RunId{7});
  CHECK(slots[1].closed_at == range.closed_at);
}

TEST_CASE("a run is unfinished until it ends", "[ledger]") {
  TempLedger temp;
  temp.write(run_start("backup", 60s, 1));
  temp.write(attempt_end("backup", 60s, 1, 1, Outcome::failure));
  temp.sync();
  const auto reader = temp.reader();

  auto run = reader->run(1);
  REQUIRE(run);
  CHECK_FALSE(run->outcome);
  CHECK_FALSE(run->ended_at);
  CHECK(run->attempts == 1);
  auto unfinished = reader->resume().unfinished;
  REQUIRE(unfinished.size() == 1);
  CHECK(unfinished[0].run == 1);
  CHECK(unfinished[0].job == "backup");
  CHECK(unfinished[0].scheduled_at == at(60s));
  CHECK(unfinished[0].started_at == at(60s + 1ms));
  CHECK(unfinished[0].generation == 3);

  auto end = run_end("backup", 60s, 1, Outcome::killed, 2);
  end.exit_code.reset();
  end.signal = 9;
  end.message = "killed by SIGKILL";
  temp.write(end);
  temp.sync();
  run = reader->run(1);
  REQUIRE(run);
  CHECK(run->job == "backup");
  CHECK(run->trigger == RunTrigger::schedule);
  CHECK(run->outcome == Outcome::killed);
  CHECK(run->ended_at == end.ended_at);
  CHECK(run->exit_code == std::nullopt);
  CHECK(run->signal == 9);
  CHECK(run->attempts == 2);
  CHECK(run->message == "killed by SIGKILL");
  CHECK(reader->resume().unfinished.empty());
  CHECK_FALSE(reader->run(2));
}

TEST_CASE("a run by hand has no slot, and one without a start on record is complete all the same", "[ledger]") {
  TempLedger temp;
  auto end = run_end("by hand", 0s, 5, Outcome::success);
  end.trigger = RunTrigger::manual;
  end.scheduled_at.reset();
  temp.write(end);
  temp.sync();
  const auto run = temp.reader()->run(5);
  REQUIRE(run);
  CHECK(run->trigger == RunTrigger::manual);
  CHECK_FALSE(run->scheduled_at);
  CHECK(run->started_at == end.started_at);
  CHECK(run->outcome == Outcome::success);
}

TEST_CASE("a run remembers the run that it follows from", "[ledger]") {
  TempLedger temp;
  auto start = run_start("repeat", 0s, 9);
  start.trigger = RunTrigger::catchup;
  start.caused_by = 4;
  temp.write(start);
  temp.sync();
  CHECK(temp.reader()->resume().unfinished.at(0).caused_by == RunId{4});
  temp.write(run_end("repeat", 0s, 9, Outcome::success));
  temp.sync();
  CHECK(temp.reader()->run(9).value().caused_by == RunId{4});
}

TEST_CASE("a run that begins and ends in one transaction has all of both on record", "[ledger]") {
  TempLedger temp;
  auto start = run_start("short", 0s, 9);
  start.trigger = RunTrigger::catchup;
  start.caused_by = 4;
  start.generation = 3;
  start.waits = {.queue = 3s, .precondition = 2ms, .ledger = 1ns};
  auto end = run_end("short", 0s, 9, Outcome::failure);
  end.message = "why";
  temp.ledger->write_together({start, end});
  temp.sync();
  const auto run = temp.reader()->run(9);
  REQUIRE(run);
  CHECK(run->trigger == RunTrigger::catchup);
  CHECK(run->caused_by == RunId{4});
  CHECK(run->waits == start.waits);
  CHECK(run->outcome == Outcome::failure);
  CHECK(run->message == "why");
}

TEST_CASE("a run remembers what it waited for, and how long its first attempt took to begin", "[ledger]") {
  TempLedger temp;
  auto start = run_start("late", 0s, 9);
  start.waits = {.queue = 3s, .precondition = 2ms, .ledger = 1ns};
  temp.write(start);
  temp.sync();
  const auto reader = temp.reader();
  CHECK(reader->run(9).value().waits == start.waits);
  CHECK_FALSE(reader->run(9).value().launch);
  auto first = attempt_end("late", 0s, 9, 1, Outcome::failure);
  first.launch = 7ms;
  temp.write(first);
  temp.write(attempt_end("late", 0s, 9, 2, Outcome::success));
  temp.write(run_end("late", 0s, 9, Outcome::success));
  temp.sync();
  CHECK(reader->run(9).value().launch == Duration(7ms));
  CHECK(reader->runs({.job = "late"})[0].launch == Duration(7ms));
  CHECK(reader->attempts(9).at(0).launch == Duration(7ms));
  CHECK_FALSE(reader->attempts(9).at(1).launch);
}

TEST_CASE("the duration of the run that ended last is among the totals", "[ledger]") {
  TempLedger temp;
  temp.write(run_start("job", 0s, 1));
  temp.sync();
  CHECK_FALSE(temp.reader()->resume().jobs.at(0).last_duration);
  auto end = run_end("job", 0s, 1, Outcome::failure);
  end.ended_at = end.started_at + 90s;
  temp.write(end);
  temp.sync();
  CHECK(temp.reader()->resume().jobs.at(0).last_duration == Duration(90s));
}

TEST_CASE("attempts come back oldest first, with usage and output of any bytes", "[ledger]") {
  TempLedger temp;
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte) all_bytes.push_back(static_cast<char>(byte));

  temp.write(run_start("loud", 0s, 1));
  temp.write(attempt_end("loud", 0s, 1, 1, Outcome::timeout));
  auto second = attempt_end("loud", 0s, 1, 2, Outcome::success);
  second.standard_output = {
      .head = all_bytes, .tail = std::string(100'000, 'x'), .total_bytes = 1u << 31, .dropped_bytes = 5};
  second.standard_error = {.head = "warning\n", .tail = "", .total_bytes = 8, .dropped_bytes = 0};
  second.message = std::string("with\0zero \xff", 11);
  second.orphans = 3;
  second.lingering_pipe = true;
  second.usage = {.user_cpu = 1234567ns,
                  .system_cpu = 89ns,
                  .max_rss_bytes = std::int64_t{1} << 40,
                  .read_bytes = 512,
                  .written_bytes = std::int64_t{1} << 41,
                  .memory_peak_bytes = 77};
  temp.write(second);
  temp.sync();

  const auto attempts = temp.reader()->attempts(1);
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].attempt == 1);
  CHECK(attempts[0].outcome == Outcome::timeout);
  CHECK(attempts[0].message == "exit code 1");
  CHECK(attempts[0].standard_output.head.empty());
  CHECK(attempts[0].standard_output.total_bytes == 0);
  const AttemptEnded& read = attempts[1];
  CHECK(read.run == 1);
  CHECK(read.job == "loud");
  CHECK(read.attempt == 2);
  CHECK(read.started_at == second.started_at);
  CHECK(read.ended_at == second.ended_at);
  CHECK(read.exit_code == 0);
  CHECK(read.signal == std::nullopt);
  CHECK(read.message == second.message);
  CHECK(read.standard_output.head == all_bytes);
  CHECK(read.standard_output.tail == second.standard_output.tail);
  CHECK(read.standard_output.total_bytes == 1u << 31);
  CHECK(read.standard_output.dropped_bytes == 5);
  CHECK(read.standard_error.head == "warning\n");
  CHECK(read.orphans == 3);
  CHECK(read.lingering_pipe);
  CHECK(read.usage.user_cpu == 1234567ns);
  CHECK(read.usage.system_cpu == 89ns);
  CHECK(read.usage.max_rss_bytes == std::int64_t{1} << 40);
  CHECK(read.usage.read_bytes == 512);
  CHECK(read.usage.written_bytes == std::int64_t{1} << 41);
  CHECK(read.usage.memory_peak_bytes == 77);
  CHECK_FALSE(attempts[0].usage.memory_peak_bytes);
  CHECK(temp.reader()->attempts(99).empty());
}

TEST_CASE("pauses survive a restart until they end", "[ledger]") {
  TempLedger temp;
  temp.write(PauseChanged{.job = "a", .paused = true, .reason = "repair", .by = "ann", .at = at(1s)});
  temp.write(PauseChanged{.job = "b", .paused = true, .reason = "", .by = "ben", .at = at(2s)});
  temp.write(PauseChanged{.job = "a", .paused = true, .reason = "still broken", .by = "ann", .at = at(3s)});
  temp.write(PauseChanged{.job = "b", .paused = false, .reason = "", .by = "ben", .at = at(4s)});
  temp.reopen();
  const auto paused = temp.reader()->resume().paused;
  REQUIRE(paused.size() == 1);
  CHECK(paused[0].job == "a");
  CHECK(paused[0].paused);
  CHECK(paused[0].reason == "still broken");
  CHECK(paused[0].by == "ann");
  CHECK(paused[0].at == at(3s));
}

TEST_CASE("one-shots survive a restart until they are removed", "[ledger]") {
  TempLedger temp;
  const OneShotAdded shot{.name = "once-1",
                          .due = at(600s),
                          .argv = {"/bin/echo", "", "two words", "ümlaut"},
                          .working_dir = "/tmp",
                          .environment = {{"EMPTY", ""}, {"OPTS", "a=b\nc"}},
                          .by = "ann",
                          .at = at(0s)};
  temp.write(shot);
  temp.write(OneShotAdded{
      .name = "once-2", .due = at(1s), .argv = {"true"}, .working_dir = "", .environment = {}, .by = "", .at = at(0s)});
  temp.write(OneShotRemoved{.name = "once-2"});
  temp.reopen();
  const auto shots = temp.reader()->resume().one_shots;
  REQUIRE(shots.size() == 1);
  CHECK(shots[0].name == shot.name);
  CHECK(shots[0].due == shot.due);
  CHECK(shots[0].argv == shot.argv);
  CHECK(shots[0].working_dir == shot.working_dir);
  CHECK(shots[0].environment == shot.environment);
  CHECK(shots[0].by == shot.by);
  CHECK(shots[0].at == shot.at);
}

TEST_CASE("the last mark of the daemon tells how it ended", "[ledger]") {
  TempLedger temp;
  CHECK_FALSE(temp.reader()->resume().last_mark);
  temp.write(DaemonMark{.what = DaemonMark::What::started, .at = at(1s)});
  temp.write(ClockJumped{.at = at(2s), .step = -3600s});
  temp.write(DaemonMark{.what = DaemonMark::What::stopped, .at = at(3s)});
  temp.reopen();
  const auto mark = temp.reader()->resume().last_mark;
  REQUIRE(mark);
  CHECK(mark->what == DaemonMark::What::stopped);
  CHECK(mark->at == at(3s));
}
