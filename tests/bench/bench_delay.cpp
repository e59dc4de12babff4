// What the ledger adds to the time from a slot to the start of its program.
//
//   bench_delay [ROUNDS [FOLDER]]
//
// A hundred jobs, each due every second with a program that does nothing, for five seconds: with the SQLite ledger in
// FOLDER (the system's for temporary files), each commit on the disk, and with a ledger that keeps nothing, in turns.
// A delay is the time from the slot to the existence of its process. Each figure is the median of ROUNDS (9). A table
// for people, one JSON line for each figure, and the ratio that is promised; the status is 1 when it is missed.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "async/run.hpp"
#include "async/sleep.hpp"
#include "engine/engine.hpp"
#include "jobs/exec.hpp"
#include "ledger/sqlite_ledger.hpp"
#include "tests/bench/catalog_of.hpp"
#include "tests/bench/no_ledger.hpp"
#include "time/every.hpp"

namespace {

using namespace belfry;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr int jobs = 100;
constexpr auto span = 5s;
constexpr double promised = 1.5;

using Delays = std::vector<double>;  // seconds

/// Starts the program, and notes when it was there.
class Timed final : public engine::Action {
 public:
  explicit Timed(Delays& delays)
      : delays_(delays), action_(jobs::make_exec({.command = std::vector<std::string>{"/bin/true"}})) {}

  async::Task<ledger::Outcome> run(const engine::Attempt& attempt, engine::Report& report) const override {
    report.launched = [this, slot = *attempt.scheduled_at,
                       tell = std::move(report.launched)](const io::ProcessMark& process) mutable {
      delays_.push_back(std::chrono::duration<double>(async::Loop::current().wall_now() - slot).count());
      if (tell) tell(process);
    };
    return action_->run(attempt, report);
  }
  std::string_view kind() const noexcept override { return "exec"; }
  std::string describe() const override { return "/bin/true"; }

 private:
  Delays& delays_;
  std::shared_ptr<const engine::Action> action_;
};

async::Task<> serve(ledger::Ledger& ledger, Delays& delays) {
  engine::EventStream events;
  engine::Engine engine(ledger, events, nullptr);
  async::JoinHandle<void> serving = async::spawn(engine.serve(), async::SpawnOptions("engine"));
  while (!engine.serving()) co_await async::yield();
  engine.apply(bench::catalog_of(jobs, std::make_shared<time::EveryTrigger>(1s), std::make_shared<Timed>(delays)));
  co_await async::sleep(span);
  co_await engine.drain(5s);
  co_await std::move(serving).join();
}

Delays delays_with(ledger::Ledger& ledger) {
  Delays delays;
  async::Loop loop;
  async::run(loop, serve(ledger, delays));
  loop.close();
  if (delays.size() < jobs * 4) {
    fmt::print(stderr, "bench_delay: only {} of {} programs started\n", delays.size(), jobs * 5);
    std::exit(1);
  }
  std::ranges::sort(delays);
  return delays;
}

double quantile(const Delays& sorted, double part) {
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

struct Figures {
  std::vector<double> p50, p99;

  void add(const Delays& delays) {
    p50.push_back(quantile(delays, 0.5));
    p99.push_back(quantile(delays, 0.99));
  }
  void tell(const char* what) const {
    fmt::print("{:<24} p50 {:>7.3f} ms   p99 {:>7.3f} ms\n", what, median(p50) * 1e3, median(p99) * 1e3);
    fmt::print("{{\"bench\":\"delay\",\"figure\":\"{}\",\"p50_seconds\":{:.6f},\"p99_seconds\":{:.6f}}}\n", what,
               median(p50), median(p99));
  }
};

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 9;
  const fs::path folder =
      (argc > 2 ? fs::path(argv[2]) : fs::temp_directory_path()) / fmt::format("bench_delay.{}", ::getpid());
  fs::create_directories(folder);
  Figures with;
  Figures without;
  for (int round = 0; round < rounds; ++round) {
    bench::NoLedger none;
    without.add(delays_with(none));
    const auto sqlite = ledger::SqliteLedger::open((folder / fmt::format("{}.db", round)).string());
    with.add(delays_with(*sqlite));
  }
  fs::remove_all(folder);
  with.tell("with the ledger");
  without.tell("without a ledger");
  const double ratio = median(with.p99) / median(without.p99);
  const bool met = ratio <= promised;
  fmt::print("{:<24} {:.2f} times   promised: at most {}{}\n", "p99, with beside without", ratio, promised,
             met ? "" : "   MISSED");
  fmt::print("{{\"bench\":\"delay\",\"figure\":\"ratio\",\"value\":{:.3f},\"met\":{}}}\n", ratio, met);
  return met ? 0 : 1;
}
