// What it costs to watch: runs with observers and without, and a scrape of ten thousand jobs.
//
//   bench_observe [ROUNDS [JOBS]]
//
// Runs: a thousand of a program that does nothing, sixteen at a time, with metrics and log (written to /dev/null) hung
// on the event stream and with nothing there, in turns; processor time of this process and of the programs. A scrape:
// the page of JOBS (10,000) jobs, beside writing the same families down when they are in memory already; processor time
// of one thread. Lag: how late a timer of every millisecond fires while another thread scrapes without a pause, and
// while none does, in turns, three times as many rounds: a 99th percentile is a rare thing. Memory: what the process
// grows by when the jobs get their figures. Medians of ROUNDS (9). A table for people, one JSON line for each figure;
// the status is 1 when a promise is missed.
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "async/event.hpp"
#include "async/frame_pool.hpp"
#include "async/loop.hpp"
#include "async/run.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "engine/engine.hpp"
#include "jobs/exec.hpp"
#include "observe/collectors.hpp"
#include "observe/exposer.hpp"
#include "observe/log.hpp"
#include "observe/log_observer.hpp"
#include "observe/loop_log.hpp"
#include "observe/metrics.hpp"
#include "observe/metrics_page.hpp"
#include "tests/bench/catalog_of.hpp"
#include "tests/bench/no_ledger.hpp"
#include "time/every.hpp"

namespace {

using namespace belfry;
using namespace std::chrono_literals;

constexpr int runs = 1000;
constexpr int at_a_time = 16;
constexpr int ticks = 1500;  // of a millisecond

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_seconds_with_children() {
  double sum = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    ::getrusage(who, &usage);
    sum += seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  }
  return sum;
}

double thread_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double heap_bytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd + async::frame_heap_bytes());
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// All that belfryd hangs on its event stream.
struct Observers {
  observe::Log log;
  observe::Metrics metrics;
  observe::LogObserver log_observer;
  observe::LoopLog loop_log;

  Observers(int null, async::Loop& loop, engine::EventStream& events)
      : log({.fd = null, .format = observe::LogFormat::json}),
        metrics({.version = "1", .revision = "1"}, loop.wall_now(), [&loop] { return loop.wall_now(); }),
        log_observer(log),
        loop_log(log, loop) {
    metrics.subscribe(events);
    log_observer.subscribe(events);
    loop_log.subscribe(events);
  }
};

/// All of them once, `at_a_time` side by side.
async::Task<> carry_out(engine::Engine& engine, engine::EventStream& events) {
  int ended = 0;
  async::Event one_ended;
  events.subscribe([&](const engine::Event& event) {
    if (!std::holds_alternative<ledger::RunEnded>(event)) return;
    ++ended;
    one_ended.set();
  });
  for (int started = 0; ended < runs;) {
    while (started < runs && started - ended < at_a_time) {
      if (!engine.run_now(fmt::format("job-{:07}", started++))) std::exit(1);
    }
    co_await one_ended.wait();
    one_ended.clear();
  }
}

/// Seconds of processor time for a run.
async::Task<> measure_runs(std::optional<int> watched, double& each) {
  bench::NoLedger ledger;
  engine::EventStream events;
  std::optional<Observers> observers;
  if (watched) observers.emplace(*watched, async::Loop::current(), events);
  engine::Engine engine(ledger, events, nullptr);
  async::JoinHandle<void> serving = async::spawn(engine.serve(), async::SpawnOptions("engine"));
  while (!engine.serving()) co_await async::yield();
  engine.apply(bench::catalog_of(runs, std::make_shared<time::EveryTrigger>(24h),
                                 jobs::make_exec({.command = std::vector<std::string>{"/bin/true"}})));
  const double began = cpu_seconds_with_children();
  co_await carry_out(engine, events);
  if (observers) observers->log.flush();
  each = (cpu_seconds_with_children() - began) / runs;
  co_await engine.drain(5s);
  co_await std::move(serving).join();
}

double run_seconds(std::optional<int> watched) {
  double each = 0;
  async::Loop loop;
  async::run(loop, measure_runs(watched, each));
  loop.close();
  return each;
}

class Nothing final : public engine::Action {
 public:
  async::Task<ledger::Outcome> run(const engine::Attempt&, engine::Report&) const override {
    co_return ledger::Outcome::success;
  }
  std::string_view kind() const noexcept override { return "native"; }
  std::string describe() const override { return "nothing"; }
};

/// So many jobs, each of which has run.
void fill(observe::Metrics& metrics, const std::shared_ptr<const engine::Catalog>& catalog) {
  metrics.observe(engine::CatalogApplied{.catalog = catalog, .added = {}, .changed = {}, .removed = {}});
  ledger::RunId run = 0;
  const engine::WallTime at{std::chrono::system_clock::now()};
  for (const auto& [name, job] : catalog->jobs) {
    ledger::RunStarted started;
    started.run = ++run;
    started.job = name;
    started.started_at = at;
    metrics.observe(started);
    metrics.observe(
        engine::AttemptStarted{.run = run, .job = name, .attempt = 1, .start_delay = 3ms, .queue_wait = 2ms});
    ledger::RunEnded ended;
    ended.run = run;
    ended.job = name;
    ended.started_at = at;
    ended.ended_at = at + std::chrono::milliseconds(run % 100'000);
    ended.outcome = ledger::Outcome::success;
    ended.exit_code = 0;
    metrics.observe(ended);
  }
}

struct Scrape {
  double seconds = 0;
  double bytes = 0;
};

Scrape scrape(const observe::Metrics& metrics, observe::PageFormat format, bool gzip) {
  const double began = thread_seconds();
  const std::string page = observe::metrics_page(metrics.sources(), format, gzip);
  return {.seconds = thread_seconds() - began, .bytes = static_cast<double>(page.size())};
}

/// The same page from families that are in memory.
double formatting_seconds(const observe::Metrics& metrics) {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& source : metrics.sources()) {
    for (auto& family : source->Collect()) families.push_back(std::move(family));
  }
  const double began = thread_seconds();
  observe::PageWriter writer(observe::PageFormat::text, false);
  for (auto& family : families) writer.take(std::move(family), {});
  const std::string page = writer.finish();
  return thread_seconds() - began;
}

async::Task<> measure_lag(std::vector<double>& late) {
  for (int tick = 0; tick < ticks; ++tick) {
    const std::int64_t due = async::Loop::current().now_ns() + 1'000'000;
    co_await async::sleep(1ms);
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    late.push_back(static_cast<double>(std::chrono::nanoseconds(now).count() - due) / 1e9);
  }
}

/// The 99th percentile, while `metrics` are scraped all the time, or not.
double lag_p99(const observe::Metrics* metrics) {
  std::atomic<bool> done = false;
  std::optional<std::jthread> scraper;
  if (metrics != nullptr) {
    scraper.emplace([&] {
      while (!done) scrape(*metrics, observe::PageFormat::open_metrics, true);
    });
  }
  std::vector<double> late;
  async::Loop loop;
  async::run(loop, measure_lag(late));
  loop.close();
  done = true;
  std::ranges::sort(late);
  return late[static_cast<std::size_t>(0.99 * static_cast<double>(late.size() - 1))];
}

/// Holds the loop in one step until it is released.
async::Task<> hold(std::binary_semaphore& held, std::binary_semaphore& released) {
  co_await async::yield();
  held.release();
  released.acquire();
}

/// From the connection to the last byte.
double scrape_over_http(std::uint16_t port) {
  const auto began = std::chrono::steady_clock::now();
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  constexpr std::string_view request = "GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
  std::size_t received = 0;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    std::array<char, 65536> buffer{};
    for (ssize_t got = 0; (got = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
      received += static_cast<std::size_t>(got);
    }
  }
  ::close(fd);
  if (received < 1000) {
    fmt::print(stderr, "bench_observe: a scrape was not answered\n");
    std::exit(1);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

void tell(const char* what, double value, const char* unit) {
  fmt::print("{:<56} {:>10.3f} {}\n", what, value, unit);
  fmt::print("{{\"bench\":\"observe\",\"figure\":\"{}\",\"value\":{:.4f},\"unit\":\"{}\"}}\n", what, value, unit);
}

bool judge(const char* what, double value, const char* unit, double most) {
  const bool met = value <= most;
  fmt::print("{:<56} {:>10.3f} {:<6} promised: at most {}{}\n", what, value, unit, most, met ? "" : "   MISSED");
  fmt::print("{{\"bench\":\"observe\",\"figure\":\"{}\",\"value\":{:.4f},\"unit\":\"{}\",\"met\":{}}}\n", what, value,
             unit, met);
  return met;
}

bool bench_runs(int rounds) {
  const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  std::vector<double> with;
  std::vector<double> without;
  for (int round = 0; round < rounds; ++round) {
    without.push_back(run_seconds(std::nullopt));
    with.push_back(run_seconds(null));
  }
  ::close(null);
  tell("a run without observers", median(without) * 1e6, "us");
  tell("a run with observers", median(with) * 1e6, "us");
  return judge("what observers add to a run", 100 * (median(with) / median(without) - 1), "%", 5);
}

bool bench_scrape(int rounds, int jobs) {
  observe::Metrics metrics({.version = "1", .revision = "1"}, engine::WallTime{}, [] { return engine::WallTime{}; });
  const auto catalog = bench::catalog_of(jobs, std::make_shared<time::EveryTrigger>(1h), std::make_shared<Nothing>());
  const double heap = heap_bytes();
  fill(metrics, catalog);
  bool met = judge("memory of a job's figures", (heap_bytes() - heap) / jobs, "bytes", 8192);
  std::vector<double> whole;
  std::vector<double> formatting;
  std::vector<double> compressed;
  std::vector<double> idle;
  std::vector<double> scraped;
  Scrape page;
  Scrape packed;
  for (int round = 0; round < rounds; ++round) {
    whole.push_back((page = scrape(metrics, observe::PageFormat::text, false)).seconds);
    formatting.push_back(formatting_seconds(metrics));
    compressed.push_back((packed = scrape(metrics, observe::PageFormat::text, true)).seconds);
  }
  tell("the page", page.bytes / 1e6, "MB");
  tell("the page, compressed", packed.bytes / 1e6, "MB");
  tell("a scrape", median(whole) * 1e3, "ms");
  tell("a scrape, compressed", median(compressed) * 1e3, "ms");
  tell("writing it from families in memory", median(formatting) * 1e3, "ms");
  met = judge("a scrape beside that", median(whole) / median(formatting), "times", 3) && met;
  std::vector<double> ratios;  // of one round: what else the machine does changes slower than that
  for (int round = 0; round < 3 * rounds; ++round) {
    idle.push_back(lag_p99(nullptr));
    scraped.push_back(lag_p99(&metrics));
    ratios.push_back(scraped.back() / idle.back());
  }
  const double quiet = median(idle);
  const double busy = median(scraped);
  tell("p99 of the loop's lag while nobody scrapes", quiet * 1e6, "us");
  tell("the same while somebody scrapes without a pause", busy * 1e6, "us");
  return judge("the latter beside the former, in a round", median(ratios), "times", 1.1) && met;
}

bool bench_stall(int rounds) {
  std::vector<double> longest;
  for (int round = 0; round < rounds; ++round) {
    async::Loop loop;
    observe::Metrics metrics({.version = "1", .revision = "1"}, engine::WallTime{}, [] { return engine::WallTime{}; });
    fill(metrics, bench::catalog_of(1000, std::make_shared<time::EveryTrigger>(1h), std::make_shared<Nothing>()));
    metrics.add(observe::loop_collector(loop));
    const observe::Exposer exposer("127.0.0.1:0", {.sources = metrics.sources(), .pages = {}});
    std::binary_semaphore held(0);
    std::binary_semaphore released(0);
    std::thread stalled([&] { async::run(loop, hold(held, released)); });
    held.acquire();
    double most = 0;
    for (int i = 0; i < 50; ++i) most = std::max(most, scrape_over_http(exposer.port()));
    released.release();
    stalled.join();
    loop.close();
    longest.push_back(most);
  }
  return judge("the longest of 50 scrapes while the loop is held", median(longest) * 1e3, "ms", 100);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 9;
  bool met = bench_runs(rounds);
  met = bench_scrape(rounds, argc > 2 ? std::atoi(argv[2]) : 10'000) && met;
  met = bench_stall(rounds) && met;
  return met ? 0 : 1;
}
