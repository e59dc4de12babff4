// spawn_belfry RUNS AT_A_TIME PROGRAM [--ledger FILE] [--ballast MIB] [--live PROGRAM COUNT]...: runs of a job by
// belfry's engine, from the request to the end on record: its exec action with output captured, the sweep of what a run
// leaves, events, the ledger. AT_A_TIME side by side. Prints how many seconds it took.
//
//   --ledger   SQLite in FILE; without it, a ledger that keeps nothing. The table of live runs and the keeper of their
//              descriptors are there as in belfryd either way
//   --ballast  so much memory is touched before
//   --live     COUNT runs of PROGRAM, which does not end by itself, are under way meanwhile; may be given again
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/run.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "engine/engine.hpp"
#include "io/poller.hpp"
#include "jobs/exec.hpp"
#include "ledger/live_runs.hpp"
#include "ledger/sqlite_ledger.hpp"
#include "tests/bench/no_ledger.hpp"

namespace {

using namespace belfry;
using namespace std::chrono_literals;

struct Options {
  int runs = 0;
  int at_a_time = 1;
  std::string program;
  std::string ledger_file;
  std::size_t ballast_mib = 0;
  struct Live {
    std::string program;
    int count = 0;
  };
  std::vector<Live> live;
};

/// What is counted of runs as they begin and end.
struct Counts {
  int ended = 0;
  int started = 0;
  std::uint64_t printed = 0;
  async::Event changed;
};

std::shared_ptr<engine::Job> job_of(const std::string& name, const std::string& program) {
  auto job = std::make_shared<engine::Job>();
  job->name = name;
  job->fingerprint = name;
  job->action = jobs::make_exec({.command = std::vector<std::string>{program}, .kill_signal = SIGKILL});
  job->overlap = engine::Overlap::allow;
  return job;
}

[[noreturn]] void fail(const std::string& why) {
  fmt::print(stderr, "spawn_belfry: {}\n", why);
  std::exit(1);
}

void count(const engine::Event& event, Counts& counts) {
  if (std::holds_alternative<engine::AttemptStarted>(event)) {
    ++counts.started;
    counts.changed.set();
  } else if (const auto* const attempt = std::get_if<ledger::AttemptEnded>(&event)) {
    counts.printed += attempt->standard_output.total_bytes + attempt->standard_error.total_bytes;
  } else if (const auto* const run = std::get_if<ledger::RunEnded>(&event)) {
    if (run->outcome != ledger::Outcome::success && run->job == "noop") fail("a run failed: " + run->message);
    ++counts.ended;
    counts.changed.set();
  }
}

void begin(engine::Engine& engine, const std::string& job) {
  if (const auto run = engine.run_now(job); !run) fail(run.error().message);
}

/// What belfryd has beside its ledger: a killed one's successor finds the runs by it.
std::unique_ptr<ledger::LiveRuns> open_live_runs(const Options& options) {
  const std::string path =
      options.ledger_file.empty() ? fmt::format("spawn_belfry.{}", ::getpid()) : options.ledger_file;
  const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  auto live = ledger::LiveRuns::open(path, {.keeper = here / "belfry-exec"});
  if (!live->no_keeper().empty()) fail("no keeper: " + live->no_keeper());
  return live;
}

async::Task<> measure(ledger::Ledger& ledger, const Options& options, double& seconds) {
  engine::EventStream events;
  Counts counts;
  events.subscribe([&counts](const engine::Event& event) { count(event, counts); });
  const auto live_runs = open_live_runs(options);
  engine::Engine engine(ledger, events, nullptr, live_runs.get());
  async::JoinHandle<void> serving = async::spawn(engine.serve(), async::SpawnOptions("engine"));
  while (!engine.serving()) co_await async::yield();
  auto catalog = std::make_shared<engine::Catalog>();
  catalog->generation = 1;
  catalog->jobs.emplace("noop", job_of("noop", options.program));
  for (const auto& [program, count] : options.live) catalog->jobs.emplace(program, job_of(program, program));
  engine.apply(std::move(catalog));
  int others = 0;
  for (const auto& [program, count] : options.live) {
    for (others += count; counts.started < others;) {
      begin(engine, program);
      co_await counts.changed.wait();
      counts.changed.clear();
    }
  }
  if (others > 0) co_await async::sleep(2s);          // they close what they close, and are quiet then
  const auto poller = io::Poller::of_current_loop();  // as belfryd has it always, for its signals and its files
  if (counts.ended > 0) fail("what should live has ended");

  const auto began = std::chrono::steady_clock::now();
  for (int started = 0; counts.ended < options.runs;) {
    while (started < options.runs && started - counts.ended < options.at_a_time) {
      begin(engine, "noop");
      ++started;
    }
    co_await counts.changed.wait();
    counts.changed.clear();
  }
  seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (counts.printed != 3 * static_cast<std::uint64_t>(options.runs)) fail("not all that was printed came");
  co_await engine.drain(0s);
  engine.all_is_durable();
  co_await std::move(serving).join();
}

Options options_of(int argc, char** argv) {
  if (argc < 4)
    fail("usage: spawn_belfry RUNS AT_A_TIME PROGRAM [--ledger FILE] [--ballast MIB] [--live PROGRAM COUNT]...");
  Options options{.runs = std::atoi(argv[1]), .at_a_time = std::atoi(argv[2]), .program = argv[3]};
  for (int i = 4; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--ledger") options.ledger_file = argv[i + 1];
    if (option == "--ballast") options.ballast_mib = static_cast<std::size_t>(std::atoi(argv[i + 1]));
    if (option != "--live" || i + 2 >= argc) continue;
    options.live.push_back({.program = argv[i + 1], .count = std::atoi(argv[i + 2])});
    ++i;
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = options_of(argc, argv);
  std::vector<char> ballast(options.ballast_mib << 20U);
  std::memset(ballast.data(), 1, ballast.size());
  double seconds = 0;
  const auto run = [&](ledger::Ledger& ledger) {
    async::Loop loop;
    async::run(loop, measure(ledger, options, seconds));
    loop.close();
  };
  if (options.ledger_file.empty()) {
    bench::NoLedger none;
    run(none);
  } else {
    run(*ledger::SqliteLedger::open(options.ledger_file));
  }
  fmt::print("{:.6f}\n", seconds);
  return ballast.empty() || ballast.back() == 1 ? 0 : 1;
}
