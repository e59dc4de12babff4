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
#include "async/frame_pool.hpp"
#include "async/run.hpp"
#include "async/sleep.hpp"
#include "engine/engine.hpp"
#include "tests/bench/catalog_of.hpp"
#include "tests/bench/no_ledger.hpp"
#include "time/every.hpp"

namespace {

using namespace belfry;
using namespace std::chrono_literals;

class Nothing final : public engine::Action {
 public:
  async::Task<ledger::Outcome> run(const engine::Attempt&, engine::Report&) const override {
    co_return ledger::Outcome::success;
  }
  std::string_view kind() const noexcept override { return "native"; }
  std::string describe() const override { return "nothing"; }
};

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd + async::frame_heap_bytes());
}

struct Figures {
  double load_seconds = 0;
  double bytes_each = 0;
  double slot_seconds = 0;
};

async::Task<> measure(int jobs, Figures& figures) {
  bench::NoLedger ledger;
  engine::EventStream events;
  int ended = 0;
  events.subscribe([&ended](const engine::Event& event) {
    if (std::holds_alternative<ledger::RunEnded>(event)) ++ended;
  });
  engine::Engine engine(ledger, events, nullptr);
  async::JoinHandle<void> serving = async::spawn(engine.serve(), async::SpawnOptions("engine"));
  while (!engine.serving()) co_await async::yield();
  auto catalog = bench::catalog_of(jobs, std::make_shared<time::EveryTrigger>(1h),
                                   std::make_shared<Nothing>());  // all due at the whole hour
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

/// What `measure` finds out about so many, on a clock of its own.
template <class Found>
Found figures_of(int count, async::Task<> (*measure)(int, Found&)) {
  Found figures;
  async::ManualClock clock;
  async::Loop loop(async::LoopOptions().clock(clock));
  async::run(loop, measure(count, figures));
  loop.close();
  return figures;
}

struct OneShotFigures {
  double bytes_each = 0;
  double restart_seconds = 0;
};

/// What one-shots that wait cost a daemon that was started again.
async::Task<> measure_one_shots(int count, OneShotFigures& figures) {
  bench::NoLedger ledger;
  engine::EventStream events;
  engine::Engine engine(ledger, events, [](const ledger::OneShotAdded&) -> std::shared_ptr<const engine::Job> {
    throw std::logic_error("none of them is due");
  });
  const engine::WallTime due = async::Loop::current().wall_now() + 24h;
  auto past = std::make_shared<engine::Past>();
  past->resume.one_shots.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    past->resume.one_shots.push_back({.name = fmt::format("one-shot-{}", i),
                                      .due = due + std::chrono::milliseconds{i},
                                      .argv = {"/usr/bin/make", "-C", "/srv/backup"},
                                      .working_dir = "/home/ada",
                                      .environment = {},
                                      .by = "ada",
                                      .at = due - 24h});
  }
  const double heap = heap_bytes();
  const double began = cpu_seconds();
  engine.resume(past);
  figures.restart_seconds = cpu_seconds() - began;
  figures.bytes_each = (heap_bytes() - heap) / count;
  co_return;
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
  const Figures few = figures_of(10'000, measure);
  const Figures many = figures_of(jobs, measure);
  bool met = judge("a slot of 10,000 in one second, with its run", few.slot_seconds * 1e6, "us", 20);
  met = judge("memory of a job in the engine", many.bytes_each, "bytes", 600) && met;
  met = judge("taking a job over", many.load_seconds / jobs * 1e6, "us", 20) && met;
  met = judge("the same, many beside few", (many.load_seconds / jobs) / (few.load_seconds / 10'000), "times", 3) && met;
  const OneShotFigures one_shots = figures_of(jobs, measure_one_shots);
  met = judge("memory of a one-shot that waits", one_shots.bytes_each, "bytes", 600) && met;
  met = judge("taking a one-shot over at a restart", one_shots.restart_seconds / jobs * 1e6, "us", 20) && met;
  return met ? 0 : 1;
}
