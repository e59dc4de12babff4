// belfry's TimerHeap, driven as the loop drives it: keys on the monotonic clock, pop_due until nothing is.
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <new>

#include "async/timer_heap.hpp"
#include "timer_peers.h"

namespace {

using belfry::async::TimerHeap;
using belfry::async::TimerNode;

struct Timer : TimerNode {
  explicit Timer(void (*callback)(Timer&)) noexcept : on_due(callback) {}
  void (*on_due)(Timer&);
};

std::size_t fired = 0;
void count(Timer& timer) { fired += !timer.linked(); }

std::int64_t monotonic_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

}  // namespace

extern "C" void belfry_timer_life(const timer_plan* plan, timer_figures* figures) {
  const std::size_t bytes = plan->count * sizeof(Timer);
  void* const memory = ::operator new(bytes);
  std::memset(memory, 1, bytes);
  auto* const timers = static_cast<Timer*>(memory);
  TimerHeap heap;
  const std::int64_t start = cpu_now_ns();
  const std::int64_t now = monotonic_now();
  for (std::size_t i = 0; i < plan->count; ++i) {
    heap.push(*std::construct_at(&timers[i], count), now + plan->delays_ns[i]);
  }
  const std::int64_t scheduled = cpu_now_ns();
  for (std::size_t i = 0; i < plan->count / 2; ++i) heap.cancel(timers[plan->order[i]]);
  const std::int64_t cancelled = cpu_now_ns();
  jump_clocks(7'200'000'000'000);
  fired = 0;
  const std::int64_t later = monotonic_now();
  while (TimerNode* const node = heap.pop_due(later)) {
    auto& timer = static_cast<Timer&>(*node);
    timer.on_due(timer);
  }
  figures->fire_ns += cpu_now_ns() - cancelled;
  figures->schedule_ns += scheduled - start;
  figures->cancel_ns += cancelled - scheduled;
  figures->fired += fired;
  std::destroy_n(timers, plan->count);
  ::operator delete(memory);
}
