// What a million jobs cost the engine, and ten thousand slots in one second.
//
//   bench_engine [JOBS]
//
// Memory is what the process grows by when the engine takes a catalog over, beyond the catalog itself; times are CPU
// time of the loop's thread, on a manual clock, with a ledger that keeps nothing. A table for people, one JSON line for
// each figure; the status is 1 when a promise is missed.
#include <fmt/format.h>
#include <malloc.h>
#include <time.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "async/clock.hpp"
#include "async/run.hpp"
#include "async/sleep.hpp"
#include "engine/engine.hpp"
#include "ledger/error.hpp"
#include "time/every.hpp"

namespace {

using namespace belfry;
using namespace std::chrono_literals;

/// Takes everything and keeps nothing.
class NoLedger final : public ledger::Ledger {
 public:
  ledger::RunId next_run_id() noexcept override { return ++last_; }
  void skip_run_ids(ledger::RunId) noexcept override {}
  bool write(ledger::Entry) noexcept override { return true; }
  void when_durable(std::move_only_function<void()> done) override { done(); }
  std::unique_ptr<ledger::LedgerReader> open_reader() const override { throw ledger::LedgerError("nothing is kept"); }
  ledger::LedgerStats stats() const override { return {}; }

 private:
  ledger::RunId last_ = 0;
};

class Nothing final : public engine::Action {
 public:
  async::Task<ledger::Outcome> run(const engine::Attempt&, engine::Report&) const override {
    co_return ledger::Outcome::success;
  }
  std::string_view kind() const noexcept override { return "native"; }
  std::string describe() const override { return "nothing"; }
};

/// `jobs` jobs; all of them are due at the whole hour.
std::shared_ptr<const engine::Catalog> catalog_of(int jobs, std::uint64_t generation) {
  auto catalog = std::make_shared<engine::Catalog>();
  catalog->generation = generation;
  const auto action = std::make_shared<Nothing>();
  const auto hourly = std::make_shared<time::EveryTrigger>(1h);
  for (int i = 0; i < jobs; ++i) {
    auto job = std::make_shared<engine::Job>();
    job->name = fmt::format("job-{:07}", i);
    job->fingerprint = job->name;
    job->trigger = hourly;
    job->action = action;
    catalog->jobs.emplace(job->name, std::move(job));
  }
  return catalog;
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

struct Figures {
  double load_seconds = 0;
  double bytes_each = 0;
  double slot_seconds = 0;
};

async::Task<> measure(int jobs, Figures& figures) {
  NoLedger ledger;
  engine::EventStream events;
  int ended = 0;
  events.subscribe([&ended](const engine::Event& event) {
    if (std::holds_alternative<ledger::RunEnded>(event)) ++ended;
  });
  engine::Engine engine(ledger, events, nullptr);
  async::JoinHandle<void> serving = async::spawn(engine.serve(), async::SpawnOptions("engine"));
  while (!engine.serving()) co_await async::yield();
  auto catalog = catalog_of(jobs, 1);
  const double heap = heap_bytes();
  double began = cpu_seconds();
  engine.apply(std::move(catalog));
  figures.load_seconds = cpu_seconds() - began;
  figures.bytes_each = (heap_bytes() - heap) / jobs;
  began = cpu_seconds();
  co_await async::sleep(61min);  // all are due in one second, run and end
  figures.slot_seconds = (cpu_seconds() - began) / jobs;
  if (ended != jobs) {
    fmt::print(stderr, "bench_engine: {} of {} runs ended\n", ended, jobs);
    std::exit(1);
  }
  co_await engine.drain(0s);
  co_await std::move(serving).join();
}

Figures figures_of(int jobs) {
  Figures figures;
  async::ManualClock clock;
  async::Loop loop(async::LoopOptions().clock(clock));
  async::run(loop, measure(jobs, figures));
  loop.close();
  return figures;
}

bool judge(const char* what, double value, const char* unit, double most) {
  const bool met = value <= most;
  fmt::print("{:<52} {:>10.1f} {:<10} promised: at most {:.0f}{}\n", what, value, unit, most, met ? "" : "   MISSED");
  fmt::print("{{\"bench\":\"engine\",\"figure\":\"{}\",\"value\":{:.3f},\"unit\":\"{}\",\"met\":{}}}\n", what, value,
             unit, met);
  return met;
}

}  // namespace

int main(int argc, char** argv) {
  const int jobs = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
  const Figures few = figures_of(10'000);
  const Figures many = figures_of(jobs);
  bool met = judge("a slot of 10,000 in one second, with its run", few.slot_seconds * 1e6, "us", 20);
  met = judge("memory of a job in the engine", many.bytes_each, "bytes", 600) && met;
  met = judge("taking a job over", many.load_seconds / jobs * 1e6, "us", 20) && met;
  met = judge("the same, many beside few", (many.load_seconds / jobs) / (few.load_seconds / 10'000), "times", 3) && met;
  return met ? 0 : 1;
}
