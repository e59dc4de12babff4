// Boost.Asio's awaitable in the comparison. It has no lock, semaphore or queue of coroutines: its channel is all three.
#include <boost/asio.hpp>
#include <boost/asio/experimental/channel.hpp>

#include "measure.hpp"

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using bench::Figures;
using Channel = asio::experimental::channel<void(boost::system::error_code, std::uint64_t)>;

namespace {

volatile std::uint64_t sink = 0;

awaitable<std::uint64_t> ready_value(std::uint64_t value) { co_return value; }
awaitable<void> nothing() { co_return; }
awaitable<void> yields(std::size_t count) {
  const auto executor = co_await asio::this_coro::executor;
  for (std::size_t i = 0; i < count; ++i) co_await asio::post(executor, use_awaitable);
}

Figures await_ready() {
  asio::io_context context(1);
  double ns = 0;
  auto main = [&]() -> awaitable<void> {
    const std::int64_t began = bench::cpu_ns();
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bench::awaits; ++i) sum += co_await ready_value(i);
    sink = sum;
    ns = bench::each(began, bench::awaits);
  };
  asio::co_spawn(context, main(), asio::detached);
  context.run();
  return {{"await_ready", ns}};
}

Figures spawn() {
  asio::io_context context(1);
  const std::int64_t began = bench::cpu_ns();
  for (std::size_t done = 0; done < bench::spawns; done += bench::batch) {
    for (std::size_t i = 0; i < bench::batch; ++i) asio::co_spawn(context, nothing(), asio::detached);
    context.run();
    context.restart();
  }
  return {{"spawn", bench::each(began, bench::spawns)}};
}

double yielding(std::size_t tasks, std::size_t all) {
  asio::io_context context(1);
  const std::int64_t began = bench::cpu_ns();
  for (std::size_t i = 0; i < tasks; ++i) asio::co_spawn(context, yields(all / tasks), asio::detached);
  context.run();
  return bench::each(began, all);
}

Figures switch_2() { return {{"switch_2", yielding(2, bench::switches)}}; }
Figures switch_1000() { return {{"switch_1000", yielding(1000, bench::switches)}}; }
Figures gather_10k() { return {{"gather_10k", yielding(10'000, 10'000)}}; }
Figures gather_100k() { return {{"gather_100k", yielding(100'000, 100'000)}}; }

double contended(std::size_t permits) {
  asio::io_context context(1);
  Channel limit(context, permits);
  auto contender = [&]() -> awaitable<void> {
    for (std::size_t i = 0; i < bench::turns; ++i) {
      co_await limit.async_send({}, 0, use_awaitable);
      co_await asio::post(context, use_awaitable);
      co_await limit.async_receive(use_awaitable);
    }
  };
  const std::int64_t began = bench::cpu_ns();
  for (std::size_t i = 0; i < bench::contenders; ++i) asio::co_spawn(context, contender(), asio::detached);
  context.run();
  return bench::each(began, bench::contenders * bench::turns);
}

Figures lock() { return {{"lock", contended(1)}}; }
Figures semaphore() { return {{"semaphore", contended(10)}}; }

double queueing(std::size_t capacity) {
  asio::io_context context(1);
  Channel queue(context, capacity);
  auto produce = [&]() -> awaitable<void> {
    for (std::size_t i = 0; i < bench::items; ++i) co_await queue.async_send({}, i, use_awaitable);
  };
  auto consume = [&]() -> awaitable<void> {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bench::items; ++i) sum += co_await queue.async_receive(use_awaitable);
    sink = sum;
  };
  const std::int64_t began = bench::cpu_ns();
  asio::co_spawn(context, produce(), asio::detached);
  asio::co_spawn(context, consume(), asio::detached);
  context.run();
  return bench::each(began, bench::items);
}

Figures queue_1() { return {{"queue_1", queueing(1)}}; }
Figures queue_1024() { return {{"queue_1024", queueing(1024)}}; }

Figures memory() {
  asio::io_context context(1);
  auto sleeper = [&]() -> awaitable<void> {
    asio::steady_timer timer(context, std::chrono::hours(1));
    co_await timer.async_wait(use_awaitable);
  };
  const std::int64_t before = bench::resident();
  for (std::size_t i = 0; i < bench::parked; ++i) asio::co_spawn(context, sleeper(), asio::detached);
  context.poll();
  return {{"memory", static_cast<double>(bench::resident() - before) / bench::parked}};
}

/// There and back: onto a thread of the pool, and again onto the loop, which co_spawn keeps alive meanwhile.
awaitable<void> offload(asio::io_context& context, asio::thread_pool& pool, std::size_t calls,
                        std::vector<std::int64_t>* samples) {
  for (std::size_t i = 0; i < calls; ++i) {
    const std::int64_t began = bench::wall_ns();
    co_await asio::post(asio::bind_executor(pool, use_awaitable));
    sink = i;
    co_await asio::post(asio::bind_executor(context, use_awaitable));
    if (samples != nullptr) samples->push_back(bench::wall_ns() - began);
  }
}

double offloading(std::size_t chains, std::size_t calls, std::vector<std::int64_t>* samples) {
  asio::io_context context(1);
  asio::thread_pool pool(4);
  const std::int64_t began = bench::cpu_ns();
  for (std::size_t i = 0; i < chains; ++i) {
    asio::co_spawn(context, offload(context, pool, calls, samples), asio::detached);
  }
  context.run();
  return bench::each(began, chains * calls);
}

Figures offload_1() {
  std::vector<std::int64_t> samples;
  offloading(1, bench::offloads, &samples);
  return {{"offload_1", bench::quantile(samples, 0.5)}};
}

Figures offload_1000() { return {{"offload_1000", offloading(1000, bench::items / 10'000, nullptr)}}; }

}  // namespace

int main(int count, char** names) {
  return bench::main_of(count, names,
                        {{"await_ready", await_ready},
                         {"spawn", spawn},
                         {"switch_2", switch_2},
                         {"switch_1000", switch_1000},
                         {"gather_10k", gather_10k},
                         {"gather_100k", gather_100k},
                         {"lock", lock},
                         {"semaphore", semaphore},
                         {"queue_1", queue_1},
                         {"queue_1024", queue_1024},
                         {"memory", memory},
                         {"offload_1", offload_1},
                         {"offload_1000", offload_1000}});
}
