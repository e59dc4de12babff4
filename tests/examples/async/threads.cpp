// Blocking functions on threads: the loop stays free, and a limit says how many may block at once.
#include <async/gather.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <async/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <thread>

namespace async = belfry::async;
using namespace std::chrono_literals;

std::uint64_t sum_of_squares(std::uint64_t count) {  // keeps a thread busy
  std::uint64_t sum = 0;
  for (std::uint64_t i = 1; i <= count; ++i) sum += i * i;
  return sum;
}

int slow_library_call(int value) {
  std::this_thread::sleep_for(20ms);  // on the loop this would stop everybody
  return value + 1;
}

async::Task<> heartbeat() {
  for (int i = 0; i < 3; ++i) co_await async::sleep(1ms);
  std::cout << "the loop was free meanwhile\n";
}

async::Task<> offload() {
  async::ThreadPool pool(async::ThreadPoolOptions("work").threads(2));
  const auto [beat, answer, sum] = co_await async::gather(heartbeat(), async::to_thread(pool, slow_library_call, 41),
                                                          async::to_thread(pool, sum_of_squares, std::uint64_t{1'000}));
  std::cout << answer << " and " << sum << "\n";
}

int main() { async::run(offload()); }
