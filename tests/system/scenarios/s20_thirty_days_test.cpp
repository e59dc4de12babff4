// S20: thirty days of a job that runs each second: memory does not grow, and no task is left behind. The real engine
// with its observers, on the manual clock; what is durable is tested elsewhere, so the ledger counts and forgets.

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "async/census.hpp"
#include "async/frame_pool.hpp"
#include "async/loop.hpp"
#include "async/loop_stats.hpp"
#include "engine/test_bed.hpp"
#include "io/fd.hpp"
#include "ledger/error.hpp"
#include "observe/collectors.hpp"
#include "observe/log_observer.hpp"
#include "observe/metrics.hpp"
#include "support/async_fixture.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BELFRY_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BELFRY_SANITIZED 1
#endif
#endif

extern "C" std::size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));  // NOLINT: its name

namespace {

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;

#ifdef BELFRY_SANITIZED
constexpr int days = 3;
constexpr bool sanitized = true;
#else
constexpr int days = 30;
constexpr bool sanitized = false;
#endif

/// Counts what it is given, and keeps nothing.
class CountingLedger final : public ledger::Ledger {
 public:
  ledger::RunId next_run_id() noexcept override { return ++last_id_; }
  void skip_run_ids(ledger::RunId used) noexcept override { last_id_ = std::max(last_id_, used); }
  bool write(ledger::Entry entry) noexcept override {
    if (const auto* slot = std::get_if<ledger::SlotClosed>(&entry)) slots_ += slot->count;
    if (std::holds_alternative<ledger::RunEnded>(entry)) ++runs_;
    return true;
  }
  void when_durable(std::move_only_function<void()> done) override { done(); }
  std::unique_ptr<ledger::LedgerReader> open_reader() const override { throw ledger::LedgerError("it has no reader"); }
  ledger::LedgerStats stats() const override { return {}; }

  std::uint64_t slots() const noexcept { return slots_; }
  std::uint64_t runs() const noexcept { return runs_; }

 private:
  ledger::RunId last_id_ = 0;
  std::uint64_t slots_ = 0;
  std::uint64_t runs_ = 0;
};

struct Footprint {
  std::size_t heap = 0;      // bytes that are allocated and not freed
  std::size_t resident = 0;  // bytes, without pages of files
  std::size_t tasks = 0;
  std::size_t timers = 0;
  std::size_t descriptors = 0;
};

std::size_t allocated() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) return __sanitizer_get_current_allocated_bytes();
  async::frame_pool_trim();  // what the thread remembers for its next frames is no growth
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd + async::frame_heap_bytes();
}

/// glibc counts what a thread keeps for its next allocations as in use, unless it is told to keep nothing.
bool heap_is_exact() {
  const char* const tunables = std::getenv("GLIBC_TUNABLES");  // NOLINT(concurrency-mt-unsafe)
  return sanitized || (tunables != nullptr && std::string_view(tunables).contains("tcache_count=0"));
}

std::size_t resident() {
  // What was freed and not given back is as much as log lines once waited, on a machine that does much else: no slope.
  ::malloc_trim(0);
  std::size_t all = 0;
  std::size_t pages = 0;
  std::size_t of_files = 0;  // the program's own, which are read when they are first needed: no slope
  std::ifstream("/proc/self/statm") >> all >> pages >> of_files;
  return (pages - of_files) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

Footprint footprint() {
  const async::LoopStats stats = async::Loop::current().stats();
  return {.heap = allocated(),
          .resident = resident(),
          .tasks = async::all_tasks(async::Loop::current()).size(),
          .timers = stats.timers + stats.wall_timers,
          .descriptors = descriptors()};
}

std::uint64_t leaked_tasks() {
  std::uint64_t leaked = 0;
  for (const async::KindStats& kind : async::Loop::current().stats().kinds) leaked += kind.leaked;
  return leaked;
}

/// Beside the job of each second: failures with retries, overlaps, a queue that is full, and slots on a paused job.
std::vector<Job> jobs() {
  Job failing =
      job("failing", every(7s),
          std::make_shared<FunctionAction>([](const engine::Attempt&, engine::Report& report) -> async::Task<Outcome> {
            report.message = "it always fails";
            co_return Outcome::failure;
          }));
  failing.retry = {.limit = 1, .delay = 1s};
  Job slow = job("slow", every(60s), takes(90s));
  Job queued = job("queued", every(60s), takes(100s));
  queued.overlap = engine::Overlap::queue;
  queued.queue_limit = 3;
  Job late = job("late", every(300s), takes(1h));
  late.timeout = 30s;
  return {job("each_second", every(1s)), failing, slow, queued, late, job("paused", every(10s))};
}

}  // namespace

TEST_CASE("S20 thirty days of 1 s jobs", "[scenario]") {
  run_async([]() -> async::Task<> {
    CountingLedger ledger;
    engine::EventStream events;
    const io::Fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    observe::LogOptions log_options;
    log_options.fd = nowhere.get();
    observe::Log log(log_options);
    async::Loop& loop = async::Loop::current();
    observe::Metrics metrics({.version = "test", .revision = "test"}, loop.wall_now(),
                             [&loop] { return loop.wall_now(); });
    observe::LogObserver log_observer(log);
    metrics.subscribe(events);
    log_observer.subscribe(events);
    engine::Engine engine(ledger, events, [](const ledger::OneShotAdded& request) {
      return std::make_shared<const Job>(job(request.name, std::make_shared<time::AtTrigger>(request.due)));
    });
    async::JoinHandle<void> serving = async::spawn(engine.serve(), async::SpawnOptions("engine"));
    engine.apply(catalog(jobs()));
    REQUIRE(engine.pause("paused", "for thirty days", "ada"));

    Footprint warm;
    for (int day = 1; day <= days; ++day) {
      ledger::OneShotAdded one_shot;
      one_shot.due = loop.wall_now() + 1h;
      one_shot.argv = {"true"};
      REQUIRE(engine.add_one_shot(std::move(one_shot)));
      co_await async::sleep(24h);
      static_cast<void>(metrics.text());
      log.flush();
      if (day == 1) warm = footprint();
    }
    const Footprint end = footprint();
    INFO("heap " << warm.heap << " -> " << end.heap << ", resident " << warm.resident << " -> " << end.resident);
    CHECK(ledger.slots() >= std::uint64_t{days} * 86'400);
    CHECK(end.tasks <= warm.tasks + 2);  // a run may be under way at one end and not at the other
    CHECK(end.timers <= warm.timers + 2);
    CHECK(end.descriptors == warm.descriptors);
    CHECK(leaked_tasks() == 0);
    if (heap_is_exact()) CHECK(end.heap <= warm.heap + 4096);  // a byte for a thousand runs
    if (!sanitized) CHECK(end.resident <= warm.resident + 1024 * 1024);

    co_await engine.drain(0s);
    co_await std::move(serving).join();
    WARN(ledger.slots() << " slots, " << ledger.runs() << " runs in " << days << " days");
  });
}
