// What outputs take on the disk stays within its limits; the oldest go, and how much there was stays.
#include "ledger/output_budget.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;
constexpr std::int64_t slack = mebibyte;  // is written between two looks

std::int64_t number(const TempLedger& temp, const std::string& sql) {
  sqlite::Connection connection(temp.path, sqlite::Mode::read_only);
  return connection.integer(sql.c_str());
}

std::int64_t held_by(const TempLedger& temp, const std::string& job) {
  return number(temp,
                "SELECT ifnull(sum(length(head) + length(tail)), 0) FROM outputs WHERE job_id = "
                "(SELECT id FROM jobs WHERE name = '" +
                    job + "')");
}

RunId write_run(TempLedger& temp, const std::string& job, std::size_t printed) {
  const RunId run = temp.ledger->next_run_id();
  temp.write(run_start(job, std::chrono::seconds{run}, run));
  auto attempt = attempt_end(job, std::chrono::seconds{run}, run, 1, Outcome::success);
  attempt.standard_output = {.head = std::string(printed / 2, 'h'),
                             .tail = std::string(printed - printed / 2, 't'),
                             .total_bytes = printed,
                             .dropped_bytes = 0};
  temp.write(attempt);
  temp.write(run_end(job, std::chrono::seconds{run}, run, Outcome::success));
  return run;
}

// A step follows a commit, if there is anything to do.
void let_it_prune(TempLedger& temp) {
  for (int commit = 0; commit < 60; ++commit) {
    temp.write(ClockJumped{.at = at(0s), .step = 1s});
    temp.sync();
  }
}

void write_runs(TempLedger& temp, const std::string& job, int runs, std::size_t printed) {
  for (int run = 0; run < runs; ++run) {
    write_run(temp, job, printed);
    if (run % 8 == 7) temp.sync();
  }
  temp.sync();
}

std::string kept_of(const TempLedger& temp, const std::string& job, RunId run) {
  const auto attempts = temp.reader()->attempts(run);
  REQUIRE(attempts.size() == 1);
  REQUIRE(attempts[0].job == job);
  return attempts[0].standard_output.head + attempts[0].standard_output.tail;
}

}  // namespace

TEST_CASE("a job's outputs stay within the job's limit, and others lose nothing by it", "[ledger]") {
  TempLedger temp({.retention = {.output_bytes = {.of_a_job = 2 * mebibyte, .in_all = 100 * mebibyte}}});
  const RunId quiet = write_run(temp, "quiet", 1000);
  const RunId first = write_run(temp, "chatty", 100'000);
  write_runs(temp, "chatty", 100, 100'000);
  const RunId last = write_run(temp, "chatty", 100'000);
  temp.sync();
  let_it_prune(temp);

  CHECK(held_by(temp, "chatty") <= std::int64_t{2 * mebibyte} + slack);
  CHECK(held_by(temp, "chatty") > std::int64_t{mebibyte});
  CHECK(kept_of(temp, "quiet", quiet).size() == 1000);
  CHECK(kept_of(temp, "chatty", last).size() == 100'000);
  CHECK(kept_of(temp, "chatty", first).empty());
  const CapturedStream gone = temp.reader()->attempts(first)[0].standard_output;
  CHECK(gone.total_bytes == 100'000);
  CHECK(gone.dropped_bytes == 100'000);
  CHECK(number(temp, "SELECT count(*) FROM runs") == 103);
  CHECK(temp.ledger->stats().errors == 0);
}

TEST_CASE("all outputs stay within the limit of all; the job that holds most gives", "[ledger]") {
  TempLedger temp({.retention = {.output_bytes = {.of_a_job = 100 * mebibyte, .in_all = 4 * mebibyte}}});
  write_runs(temp, "small", 10, 50'000);
  for (const char* const job : {"large-1", "large-2", "large-3"}) write_runs(temp, job, 60, 100'000);
  let_it_prune(temp);

  CHECK(number(temp, "SELECT sum(length(head) + length(tail)) FROM outputs") <= std::int64_t{4 * mebibyte} + slack);
  CHECK(number(temp, "SELECT sum(length(head) + length(tail)) FROM outputs") > std::int64_t{2 * mebibyte});
  CHECK(held_by(temp, "small") == 500'000);
}

TEST_CASE("a job's newest output stays, even if it alone is over every limit", "[ledger]") {
  TempLedger temp({.retention = {.output_bytes = {.of_a_job = mebibyte, .in_all = mebibyte}}});
  write_run(temp, "huge", 3 * mebibyte);
  const RunId newest = write_run(temp, "huge", 3 * mebibyte);
  temp.sync();
  let_it_prune(temp);
  CHECK(held_by(temp, "huge") == std::int64_t{3 * mebibyte});
  CHECK(kept_of(temp, "huge", newest).size() == 3 * mebibyte);
}

TEST_CASE("limits that were lowered hold from the next start on", "[ledger]") {
  TempLedger temp({.retention = {.output_bytes = {.of_a_job = 100 * mebibyte, .in_all = 100 * mebibyte}}});
  write_runs(temp, "chatty", 50, 100'000);
  REQUIRE(held_by(temp, "chatty") == 5'000'000);
  temp.options.retention.output_bytes.of_a_job = mebibyte;
  temp.reopen();
  let_it_prune(temp);
  CHECK(held_by(temp, "chatty") <= std::int64_t{mebibyte});
}

TEST_CASE("what a job holds is on record, whoever adds or takes outputs", "[ledger]") {
  TempLedger temp({.retention = {.keep_runs = 20, .keep_outputs = 10}});
  write_runs(temp, "busy", 400, 300);
  let_it_prune(temp);
  CHECK(held_by(temp, "busy") < 400 * 300);
  CHECK(number(temp, "SELECT output_bytes FROM jobs WHERE name = 'busy'") == held_by(temp, "busy"));
}
