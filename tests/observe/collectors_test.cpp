#include "observe/collectors.hpp"

#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "async/loop.hpp"
#include "async/run.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "async/thread_pool.hpp"
#include "io/journal_feed.hpp"
#include "ledger/ledger.hpp"
#include "observe/exposer.hpp"
#include "observe/figures_ledger.hpp"
#include "observe/http_get.hpp"
#include "observe/log.hpp"
#include "observe/loop_log.hpp"
#include "observe/metrics.hpp"
#include "observe/page.hpp"
#include "support/temp_dir.hpp"

namespace belfry::observe {
namespace {

using namespace std::chrono_literals;
using test::mentions;
using test::value;

/// Holds the loop in one step until it is released.
struct Block {
  std::promise<void> entered;
  std::promise<void> released;

  async::Task<> hold() {
    co_await async::yield();
    entered.set_value();
    released.get_future().wait();
  }

  static async::Task<> main(Block& block) {
    auto handle = async::spawn(block.hold(), async::SpawnOptions("the culprit").kind("test"));
    co_await handle;
  }
};

TEST_CASE("a scrape is answered while the loop is blocked, and says so; then the place is counted as slow") {
  async::Loop loop;
  const Exposer exposer("127.0.0.1:0", {.sources = {loop_collector(loop)}, .pages = {}});
  Block block;
  std::thread thread([&] { async::run(loop, Block::main(block)); });
  block.entered.get_future().wait();
  std::string page;
  do {  // until the step has been running for 0.1 s
    page = test::http_get(exposer.port(), "/metrics");
  } while (value(page, "belfry_loop_stalled") != 1.0);
  CHECK(value(page, "belfry_loop_current_step_seconds").value_or(0) >= 0.1);
  CHECK(value(page, R"(belfry_tasks_live{kind="test"})") == 1.0);
  CHECK(value(page, R"(belfry_task_oldest_age_seconds{kind="test"})").value_or(0) >= 0.1);
  block.released.set_value();
  thread.join();
  page = test::http_get(exposer.port(), "/metrics");
  CHECK(value(page, "belfry_loop_stalled") == 0.0);
  CHECK(value(page, R"(belfry_tasks_live{kind="test"})") == 0.0);
  CHECK(value(page, "belfry_loop_slow_steps_total") == 1.0);
  CHECK(mentions(page, R"(belfry_slow_callbacks_total{kind="test",site="observe/collectors_test.cpp:)"));
  CHECK(value(page, "belfry_loop_iterations_total").value_or(0) > 0);
  CHECK(mentions(page, R"(belfry_loop_lag_seconds_bucket{le="+Inf"})"));
  CHECK(value(page, R"(belfry_handles_active{type="async"})").value_or(0) >= 1);
  CHECK(value(page, "belfry_loop_idle_seconds_total").value_or(-1) >= 0);
  CHECK(value(page, "belfry_timers_fired_total").has_value());
}

TEST_CASE("a slow callback is logged with its place and task, once") {
  const test::TempDir folder;
  std::FILE* const file = std::fopen((folder / "log").c_str(), "w+");
  REQUIRE(file != nullptr);
  LogOptions options;
  options.fd = ::fileno(file);
  options.format = LogFormat::journal;
  std::string text;
  {
    Log log(options);
    async::Loop loop(async::LoopOptions().slow_step(1ns));
    LoopLog loop_log(log, loop);
    loop_log.check();
    Block block;
    block.released.set_value();
    async::run(loop, Block::main(block));
    loop_log.check();
    loop_log.check();
    log.flush();
    std::rewind(file);
    for (int c = 0; (c = std::fgetc(file)) != EOF;) text += static_cast<char>(c);
  }
  std::fclose(file);
  const std::size_t first = text.find("task=\"the culprit\"");
  REQUIRE(first != std::string::npos);
  CHECK(mentions(text, "<4>slow callback"));
  CHECK(mentions(text, "observe/collectors_test.cpp:"));
}

TEST_CASE("the thread pool shows who works and who waits") {
  async::ThreadPool pool(async::ThreadPoolOptions("test").threads(1));
  const Exposer exposer("127.0.0.1:0", {.sources = {thread_pool_collector({&pool})}, .pages = {}});
  std::string page;
  const auto work = [&] { page = test::http_get(exposer.port(), "/metrics"); };
  const auto main = [&]() -> async::Task<> { co_await pool.run(work); };
  async::run(main());
  CHECK(value(page, R"(belfry_threadpool_threads{pool="test"})") == 1.0);
  CHECK(value(page, R"(belfry_threadpool_busy{pool="test"})") == 1.0);
  CHECK(value(page, R"(belfry_threadpool_queue_length{pool="test"})") == 0.0);
  page = test::http_get(exposer.port(), "/metrics");
  CHECK(value(page, R"(belfry_threadpool_completed_total{pool="test"})") == 1.0);
  CHECK(value(page, R"(belfry_threadpool_wait_seconds_bucket{pool="test",le="+Inf"})") == 1.0);
}

/// Everything that belfryd serves, on one page.
std::string full_page() {
  test::FiguresLedger ledger;
  ledger.figures.written = 7;
  ledger.figures.dropped = 2;
  ledger.figures.dropped_output = 3;
  ledger.figures.size_bytes = 4096;
  async::Loop loop;
  async::ThreadPool pool(async::ThreadPoolOptions("test"));
  Log log;
  Metrics metrics({.version = "1", .revision = "r"}, engine::WallTime{1s}, [] { return engine::WallTime{9s}; });
  metrics.add(ledger_collector(ledger));
  metrics.add(loop_collector(loop));
  metrics.add(thread_pool_collector({&pool}));
  metrics.add(log_collector(log, std::make_shared<io::JournalFeed>("/no/such")));
  metrics.add(process_collector());
  Block block;
  block.released.set_value();
  async::run(loop, Block::main(block));

  auto catalog = std::make_shared<engine::Catalog>();
  auto job = std::make_shared<engine::Job>();
  job->name = "backup \"quoted\"";
  catalog->jobs.emplace(job->name, job);
  metrics.observe(engine::CatalogApplied{.catalog = catalog, .added = {job->name}, .changed = {}, .removed = {}});
  metrics.observe(engine::SlotPlanned{.job = job->name, .next = engine::WallTime{10s}});
  ledger::RunStarted started;
  started.run = 1;
  started.job = job->name;
  metrics.observe(started);
  for (const auto outcome : {ledger::Outcome::success, ledger::Outcome::failure}) {
    ledger::RunEnded ended;
    ended.run = 1;
    ended.job = job->name;
    ended.outcome = outcome;
    ended.exit_code = 0;
    metrics.observe(ended);
  }
  return metrics.text();
}

TEST_CASE("the ledger's figures are served") {
  const std::string page = full_page();
  CHECK(value(page, "belfry_store_writes_total") == 7.0);
  CHECK(value(page, R"(belfry_store_dropped_writes_total{kind="entry"})") == 2.0);
  CHECK(value(page, R"(belfry_store_dropped_writes_total{kind="output"})") == 3.0);
  CHECK(value(page, "belfry_store_size_bytes") == 4096.0);
  CHECK(value(page, "belfry_log_dropped_lines_total") == 0.0);
}

TEST_CASE("promtool has no complaint about the page") {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    if (std::getenv("CI") != nullptr) FAIL("promtool is missing: apt-get install prometheus");
    WARN("promtool is missing, the page was not checked: apt-get install prometheus");
    return;
  }
  const test::TempDir folder;
  const std::string said = (folder / "said").string();
  std::FILE* const promtool = ::popen(("promtool check metrics >" + said + " 2>&1").c_str(), "w");
  REQUIRE(promtool != nullptr);
  const std::string page = full_page();
  CHECK(std::fwrite(page.data(), 1, page.size(), promtool) == page.size());
  const int status = ::pclose(promtool);
  std::string complaint;
  if (std::FILE* const file = std::fopen(said.c_str(), "r")) {
    for (int c = 0; (c = std::fgetc(file)) != EOF;) complaint += static_cast<char>(c);
    std::fclose(file);
  }
  INFO(complaint);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(complaint.empty());
}

}  // namespace
}  // namespace belfry::observe
