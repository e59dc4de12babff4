// lib/async in the comparison; the figures are named in measure.hpp.
#include <optional>
#include <random>
#include <thread>

#include "async/census.hpp"
#include "async/gather.hpp"
#include "async/lock.hpp"
#include "async/queue.hpp"
#include "async/run.hpp"
#include "async/semaphore.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "async/task_group.hpp"
#include "async/task_tree.hpp"
#include "async/thread_pool.hpp"
#include "measure.hpp"

using namespace belfry::async;
using namespace std::chrono_literals;
using bench::Figures;

namespace {

volatile std::uint64_t sink = 0;

Task<std::uint64_t> ready_value(std::uint64_t value) { co_return value; }

Task<> nothing() { co_return; }

Task<> yields(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) co_await yield();
}

Figures await_ready() {
  auto main = []() -> Task<double> {
    const std::int64_t began = bench::cpu_ns();
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bench::awaits; ++i) {
      const std::uint64_t value = co_await ready_value(i);
      sum += value;
    }
    sink = sum;
    co_return bench::each(began, bench::awaits);
  };
  return {{"await_ready", run(main())}};
}

Figures spawn_join() {
  auto main = []() -> Task<double> {
    std::vector<JoinHandle<>> handles;
    handles.reserve(bench::batch);
    const std::int64_t began = bench::cpu_ns();
    for (std::size_t done = 0; done < bench::spawns; done += bench::batch) {
      for (std::size_t i = 0; i < bench::batch; ++i) handles.push_back(spawn(nothing()));
      for (JoinHandle<>& handle : handles) co_await handle;
      handles.clear();
    }
    co_return bench::each(began, bench::spawns);
  };
  return {{"spawn", run(main())}};
}

double switching(std::size_t tasks) {
  auto main = [&]() -> Task<double> {
    const std::int64_t began = bench::cpu_ns();
    co_await with_task_group([&](TaskGroup& group) -> Task<> {
      for (std::size_t i = 0; i < tasks; ++i) group.start(yields(bench::switches / tasks));
      co_return;
    });
    co_return bench::each(began, bench::switches);
  };
  return run(main());
}

Figures switch_2() { return {{"switch_2", switching(2)}}; }
Figures switch_1000() { return {{"switch_1000", switching(1000)}}; }

double gathering(std::size_t children) {
  auto main = [&]() -> Task<double> {
    const std::int64_t began = bench::cpu_ns();
    std::vector<Task<>> tasks;
    tasks.reserve(children);
    for (std::size_t i = 0; i < children; ++i) tasks.push_back(yields(1));
    co_await gather(std::move(tasks));
    co_return bench::each(began, children);
  };
  return run(main());
}

Figures gather_100k() { return {{"gather_100k", gathering(100'000)}}; }
Figures gather_10k() { return {{"gather_10k", gathering(10'000)}}; }

template <class Limit>
double contended(Limit& limit) {
  auto main = [&]() -> Task<double> {
    auto contender = [&]() -> Task<> {
      for (std::size_t i = 0; i < bench::turns; ++i) {
        const auto held = co_await limit.acquire();
        co_await yield();
      }
    };
    const std::int64_t began = bench::cpu_ns();
    co_await with_task_group([&](TaskGroup& group) -> Task<> {
      for (std::size_t i = 0; i < bench::contenders; ++i) group.start(contender());
      co_return;
    });
    co_return bench::each(began, bench::contenders * bench::turns);
  };
  return run(main());
}

Figures lock() {
  Lock one;
  return {{"lock", contended(one)}};
}

Figures semaphore() {
  Semaphore ten(10);
  return {{"semaphore", contended(ten)}};
}

double queueing(std::size_t capacity) {
  auto main = [&]() -> Task<double> {
    Queue<std::uint64_t> queue(capacity);
    auto produce = [&]() -> Task<> {
      for (std::size_t i = 0; i < bench::items; ++i) co_await queue.put(i);
    };
    auto consume = [&]() -> Task<> {
      std::uint64_t sum = 0;
      for (std::size_t i = 0; i < bench::items; ++i) {
        const std::uint64_t item = co_await queue.get();
        sum += item;
      }
      sink = sum;
    };
    const std::int64_t began = bench::cpu_ns();
    co_await gather(produce(), consume());
    co_return bench::each(began, bench::items);
  };
  return run(main());
}

Figures queue_1() { return {{"queue_1", queueing(1)}}; }
Figures queue_1024() { return {{"queue_1024", queueing(1024)}}; }

Task<> sleeps() { co_await sleep(1h); }

Figures memory() {
  auto main = []() -> Task<double> {
    const std::int64_t before = bench::resident();
    std::vector<JoinHandle<>> handles;
    handles.reserve(bench::parked);
    for (std::size_t i = 0; i < bench::parked; ++i) handles.push_back(spawn(sleeps(), "sleeper"));
    for (int i = 0; i < 3; ++i) co_await sleep(1ms);
    const auto grown = static_cast<double>(bench::resident() - before - std::int64_t{bench::parked * sizeof(void*)});
    co_return grown / bench::parked;
  };
  return {{"memory", run(main())}};
}

Figures lateness() {
  auto main = []() -> Task<std::vector<std::int64_t>> {
    std::mt19937 random(1);
    std::vector<std::int64_t> late;
    for (std::size_t i = 0; i < bench::naps; ++i) {
      const std::int64_t span = 1'000'000 + static_cast<std::int64_t>(random() % 2'000'000);
      const std::int64_t deadline = bench::wall_ns() + span;
      co_await sleep(Duration(span));
      late.push_back(bench::wall_ns() - deadline);
    }
    co_return late;
  };
  std::vector<std::int64_t> late = run(main());
  return {{"late_min", bench::quantile(late, 0)},
          {"late_p50", bench::quantile(late, 0.5)},
          {"late_p99", bench::quantile(late, 0.99)}};
}

Figures offload_1() {
  auto main = []() -> Task<std::vector<std::int64_t>> {
    ThreadPool pool(ThreadPoolOptions("bench").threads(4));
    std::vector<std::int64_t> samples;
    for (std::size_t i = 0; i < bench::offloads; ++i) {
      const std::int64_t began = bench::wall_ns();
      const std::size_t value = co_await to_thread(pool, [](std::size_t x) { return x; }, i);
      samples.push_back(bench::wall_ns() - began);
      sink = value;
    }
    co_return samples;
  };
  std::vector<std::int64_t> samples = run(main());
  return {{"offload_1", bench::quantile(samples, 0.5)}};
}

Figures offload_1000() {
  auto main = []() -> Task<double> {
    ThreadPool pool(ThreadPoolOptions("bench").threads(4));
    auto worker = [&]() -> Task<> {
      for (std::size_t i = 0; i < bench::items / 10'000; ++i) {
        const std::size_t value = co_await to_thread(pool, [](std::size_t x) { return x; }, i);
        sink = value;
      }
    };
    const std::int64_t began = bench::cpu_ns();
    co_await with_task_group([&](TaskGroup& group) -> Task<> {
      for (std::size_t i = 0; i < 1000; ++i) group.start(worker());
      co_return;
    });
    co_return bench::each(began, bench::items / 10);
  };
  return {{"offload_1000", run(main())}};
}

/// Asked from another thread, as an operator does; meanwhile the loop's turns are watched.
Figures dump() {
  auto main = []() -> Task<Figures> {
    std::vector<JoinHandle<>> handles;
    handles.reserve(bench::parked);
    for (std::size_t i = 0; i < bench::parked; ++i) handles.push_back(spawn(sleeps(), "sleeper"));
    co_await sleep(50ms);
    Loop& loop = Loop::current();
    std::optional<double> took;
    std::int64_t stalled = 0;
    std::jthread operator_thread([&] {
      const std::int64_t began = bench::wall_ns();
      const std::string text = task_tree(all_tasks(loop));
      const auto span = static_cast<double>(bench::wall_ns() - began);
      sink = text.size();
      loop.call_soon_threadsafe([&, span] { took = span; });
    });
    while (!took) {
      const std::int64_t began = bench::wall_ns();
      JoinHandle<> probe = spawn(nothing());
      co_await probe;
      co_await sleep(1ms);
      stalled = std::max(stalled, bench::wall_ns() - began - 1'000'000);
    }
    co_return Figures{{"dump_ms", *took / 1e6}, {"dump_stall_ms", static_cast<double>(stalled) / 1e6}};
  };
  return run(main());
}

}  // namespace

int main(int count, char** names) {
  return bench::main_of(count, names,
                        {{"await_ready", await_ready},
                         {"spawn", spawn_join},
                         {"switch_2", switch_2},
                         {"switch_1000", switch_1000},
                         {"gather_10k", gather_10k},
                         {"gather_100k", gather_100k},
                         {"lock", lock},
                         {"semaphore", semaphore},
                         {"queue_1", queue_1},
                         {"queue_1024", queue_1024},
                         {"memory", memory},
                         {"lateness", lateness},
                         {"offload_1", offload_1},
                         {"offload_1000", offload_1000},
                         {"dump", dump}});
}
