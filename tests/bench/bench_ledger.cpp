// How fast the ledger takes entries: belfry's group commit, one transaction for each row, and the least that SQLite
// does.
//
//   bench_ledger [ROUNDS [FOLDER]]
//
// The three take turns in FOLDER (the system's for temporary files), with each commit on the disk; each figure is the
// median of ROUNDS (5). A table for people, one JSON line for each figure, and the ratio that is promised; the status
// is 1 when it is missed.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "ledger/row_writer.hpp"
#include "ledger/schema.hpp"
#include "ledger/sqlite_ledger.hpp"

namespace {

using namespace belfry::ledger;
namespace fs = std::filesystem;

constexpr int jobs = 100;

// The four entries of a run, of one of many jobs.
std::vector<Entry> entries_of_runs(RunId first, RunId count) {
  std::vector<Entry> entries;
  for (RunId run = first; run < first + count; ++run) {
    const std::string job = "job-" + std::to_string(run % jobs);
    const WallTime due{std::chrono::hours{500'000} + std::chrono::seconds{run}};
    const WallTime end = due + std::chrono::milliseconds{7};
    entries.emplace_back(
        SlotClosed{.job = job, .scheduled_at = due, .last_scheduled_at = due, .run = run, .closed_at = due});
    entries.emplace_back(RunStarted{.run = run, .job = job, .scheduled_at = due, .started_at = due, .generation = 1});
    entries.emplace_back(AttemptEnded{.run = run,
                                      .job = job,
                                      .started_at = due,
                                      .ended_at = end,
                                      .exit_code = 0,
                                      .signal = {},
                                      .message = {},
                                      .usage = {},
                                      .standard_output = {},
                                      .standard_error = {}});
    entries.emplace_back(RunEnded{.run = run,
                                  .job = job,
                                  .scheduled_at = due,
                                  .started_at = due,
                                  .ended_at = end,
                                  .exit_code = 0,
                                  .signal = {},
                                  .message = {}});
  }
  return entries;
}

// A folder that goes when the figure is taken.
class Scratch {
 public:
  explicit Scratch(const fs::path& below) {
    std::string name = (below / "belfry-bench.XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      fmt::print(stderr, "bench_ledger: no folder below {}\n", below.string());
      std::exit(2);
    }
    folder_ = name;
  }
  ~Scratch() { fs::remove_all(folder_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string file() const { return folder_ / "ledger.db"; }

 private:
  fs::path folder_;
};

double per_second(std::size_t entries, const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return static_cast<double>(entries) / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void wait_until_durable(Ledger& ledger) {
  std::promise<void> durable;
  ledger.when_durable([&] { durable.set_value(); });
  durable.get_future().wait();
}

// As belfryd has it: entries come from another thread, and who writes them does not wait.
double group_commit(const std::string& path) {
  const auto ledger = SqliteLedger::open(path, {.durability = Durability::full});
  const std::vector<Entry> entries = entries_of_runs(1, 25'000);
  return per_second(entries.size(), [&] {
    for (const Entry& entry : entries) ledger->write(entry);
    wait_until_durable(*ledger);
  });
}

void open_plain(sqlite::Connection& connection) {
  connection.execute("PRAGMA page_size = 2048");
  connection.execute("PRAGMA journal_mode = WAL");
  connection.execute("PRAGMA synchronous = FULL");
}

// The same rows by the same statements, each in a transaction of its own.
double one_transaction_each(const std::string& path) {
  std::ofstream(path).close();
  sqlite::Connection connection(path, sqlite::Mode::read_write);
  open_plain(connection);
  migrate(connection);
  RowWriter rows(connection);
  const std::vector<Entry> entries = entries_of_runs(1, 500);
  return per_second(entries.size(), [&] {
    for (const Entry& entry : entries) {
      rows.begin();
      rows.write(entry);
      rows.commit();
    }
  });
}

// Rows of the same size into one table without an index or totals, ten thousand to a transaction.
double floor_of_sqlite(const std::string& path) {
  std::ofstream(path).close();
  sqlite::Connection connection(path, sqlite::Mode::read_write);
  open_plain(connection);
  connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, job INTEGER, a INTEGER, b INTEGER, c TEXT, d TEXT)");
  sqlite::Statement insert(connection, "INSERT INTO rows (job, a, b, c, d) VALUES (?1, ?2, ?3, ?4, ?5)");
  constexpr std::size_t count = 100'000;
  return per_second(count, [&] {
    for (std::int64_t row = 0; row < std::int64_t{count}; ++row) {
      if (row % 10'000 == 0) connection.execute("BEGIN");
      insert.run(row % jobs, row * 1'000'000'000, row * 1'000'000'000 + 7, std::string_view{"started"},
                 std::string_view{"none"});
      if (row % 10'000 == 9'999) connection.execute("COMMIT");
    }
  });
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

bool judge(const std::string& figure, double ratio, double goal) {
  const bool met = ratio >= goal;
  fmt::print("{:<52} {:>10.1f}x  goal {:>6.0f}x  {}\n", figure, ratio, goal, met ? "met" : "MISSED");
  fmt::print(R"({{"bench":"ledger","figure":"{}","ratio":{:.2f},"goal":{},"met":{}}})"
             "\n",
             figure, ratio, goal, met);
  return met;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  const fs::path folder = argc > 2 ? fs::path(argv[2]) : fs::temp_directory_path();
  struct Way {
    std::string name;
    std::function<double(const std::string&)> measure;
    std::vector<double> rates{};
  };
  std::vector<Way> ways{
      {"belfry", group_commit}, {"one transaction each", one_transaction_each}, {"SQLite's floor", floor_of_sqlite}};
  for (int round = 0; round < rounds; ++round) {
    for (Way& way : ways) {
      const Scratch scratch(folder);
      way.rates.push_back(way.measure(scratch.file()));
    }
  }
  fmt::print("entries made durable in a second, each commit on the disk; median of {}\n", rounds);
  for (const Way& way : ways) {
    fmt::print("{:<24} {:>10.0f}\n", way.name, median(way.rates));
    fmt::print(R"({{"bench":"ledger","peer":"{}","entries_per_second":{:.0f}}})"
               "\n",
               way.name, median(way.rates));
  }
  fmt::print("\n");
  const double mine = median(ways[0].rates);
  const bool met = judge("belfry / one transaction each", mine / median(ways[1].rates), 10);
  fmt::print("{:<52} {:>10.2f}x\n", "belfry / SQLite's floor", mine / median(ways[2].rates));
  fmt::print(R"({{"bench":"ledger","figure":"belfry / SQLite's floor","ratio":{:.3f}}})"
             "\n",
             mine / median(ways[2].rates));
  return met ? 0 : 1;
}
