// docs/ledger.md says what the views hold, and every example of it runs.
#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "ledger/ledger_fixture.hpp"
#include "ledger/sqlite.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;

namespace {

std::string page() {
  std::ifstream file(BELFRY_SOURCE_DIR "/docs/ledger.md");
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

// "run integer", "job text", ...: the table below the heading of each view.
std::map<std::string, std::vector<std::string>> documented_views() {
  std::map<std::string, std::vector<std::string>> views;
  std::istringstream lines(page());
  std::string view;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) view = line.starts_with("## v_") ? line.substr(3) : "";
    if (view.empty() || !line.starts_with("| `")) continue;
    const std::size_t name_end = line.find('`', 3);
    const std::size_t type_begin = line.find("| ", name_end) + 2;
    const std::string type = line.substr(type_begin, line.find(' ', type_begin) - type_begin);
    views[view].push_back(line.substr(3, name_end - 3) + " " + type);
  }
  return views;
}

std::vector<std::string> sql_blocks() {
  static constexpr std::string_view opening = "```sql\n";
  const std::string text = page();
  std::vector<std::string> blocks;
  for (auto at = text.find(opening); at != std::string::npos; at = text.find(opening, at + 1)) {
    const auto begin = at + opening.size();
    blocks.push_back(text.substr(begin, text.find("```", begin) - begin));
  }
  return blocks;
}

// A ledger with a row, without a NULL, in every view.
void fill(const TempLedger& temp) {
  auto slot = started_slot("backup", 1h, 1);
  temp.write(slot);
  auto start = run_start("backup", 1h, 2);
  start.caused_by = 1;
  start.waits.queue = 30s;
  start.started_at = at(1h + 2min);
  temp.write(start);
  auto attempt = attempt_end("backup", 1h, 2, 1, Outcome::killed);
  attempt.signal = 9;
  attempt.launch = 1ms;
  attempt.usage.memory_peak_bytes = 8192;
  temp.write(attempt);
  temp.write(StepEnded{.run = 2,
                       .job = "backup",
                       .step = "dump",
                       .item = 1,
                       .label = "db1",
                       .started_at = at(1h),
                       .ended_at = at(2h),
                       .outcome = Outcome::killed,
                       .exit_code = 1,
                       .signal = 9,
                       .message = "killed by SIGKILL"});
  auto end = run_end("backup", 1h, 2, Outcome::killed);
  end.signal = 9;
  end.ended_at = at(1h + 3min);
  temp.write(end);
  SlotClosed missed = started_slot("backup", 2h, 0);
  missed.result = SlotResult::missed;
  missed.reason = SlotReason::down;
  missed.run.reset();
  temp.write(missed);
  temp.write(
      PauseChanged{.job = "backup", .paused = true, .reason = "repair", .by = "ann", .at = at(3h), .until = at(4h)});
  temp.write(DaemonMark{.what = DaemonMark::What::stopped, .at = at(5h)});
  temp.write(DaemonMark{.what = DaemonMark::What::started, .at = at(6h)});
  temp.sync();
}

// "run integer", ...: what the view really gives.
std::vector<std::string> columns(sqlite::Connection& connection, const std::string& view) {
  std::vector<std::string> found;
  sqlite::Statement names(connection, ("SELECT name FROM pragma_table_info('" + view + "')").c_str());
  while (names.step()) {
    const std::string name = names.string(0);
    const std::string type = "SELECT typeof(" + name + ") FROM " + view + " WHERE " + name + " IS NOT NULL";
    found.push_back(name + " " + connection.text(type.c_str()));
  }
  return found;
}

}  // namespace

TEST_CASE("docs/ledger.md has every view with its columns, in their order, and their types", "[ledger]") {
  TempLedger temp;
  fill(temp);
  sqlite::Connection connection(temp.path, sqlite::Mode::read_only);
  const auto views = documented_views();
  CHECK(connection.integer("SELECT count(*) FROM sqlite_schema WHERE type = 'view'") == std::ssize(views));
  for (const auto& [view, documented] : views) {
    CAPTURE(view);
    CHECK(columns(connection, view) == documented);
  }
}

TEST_CASE("every SQL example of docs/ledger.md runs, and finds what it is about", "[ledger]") {
  TempLedger temp;
  fill(temp);
  sqlite::Connection connection(temp.path, sqlite::Mode::read_only);
  const auto blocks = sql_blocks();
  CHECK(blocks.size() >= 6);
  for (std::string block : blocks) {
    CAPTURE(block);
    // The examples are about these days; the ledger of the test is about the first of January 2026.
    if (const auto now = block.find("'now'"); now != std::string::npos) block.replace(now, 5, "'2026-01-03'");
    sqlite::Statement row(connection, block.c_str());
    CHECK(row.step());
  }
}

TEST_CASE("docs/ledger.md names every result, reason, outcome and trigger that people come across", "[ledger]") {
  const std::string text = page();
  for (int reason = 0; reason < 25; ++reason) {
    const std::string_view word = to_string(static_cast<SlotReason>(reason));
    if (word == "unknown") break;  // behind the last one
    CAPTURE(word);
    CHECK(text.find(word) != std::string::npos);
  }
  for (int outcome = 0; outcome < 7; ++outcome) {
    CHECK(text.find(to_string(static_cast<Outcome>(outcome))) != std::string::npos);
  }
  for (int trigger = 0; trigger < 5; ++trigger) {
    CHECK(text.find(to_string(static_cast<RunTrigger>(trigger))) != std::string::npos);
  }
}
