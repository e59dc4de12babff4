// Peer: the textbook's binary heap. It knows no positions, so a cancel searches the array and heapifies it again.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "timer_peers.h"

namespace {

struct Entry {
  std::int64_t due;
  std::uint32_t id;
};
constexpr auto later = [](const Entry& a, const Entry& b) { return a.due > b.due; };

std::size_t fired = 0;
void count(std::uint32_t) { ++fired; }

}  // namespace

extern "C" void textbook_timer_life(const timer_plan* plan, timer_figures* figures) {
  void (*volatile on_due)(std::uint32_t) = count;
  std::vector<Entry> heap;
  const std::int64_t start = cpu_now_ns();
  for (std::uint32_t id = 0; id < plan->count; ++id) {
    heap.push_back({plan->delays_ns[id], id});
    std::push_heap(heap.begin(), heap.end(), later);
  }
  const std::int64_t scheduled = cpu_now_ns();
  const std::size_t half = plan->count / 2;
  const std::size_t sample = std::min<std::size_t>(half, 300);
  for (std::size_t i = 0; i < sample; ++i) {
    const std::uint32_t id = plan->order[i];
    const auto found = std::find_if(heap.begin(), heap.end(), [id](const Entry& entry) { return entry.id == id; });
    *found = heap.back();
    heap.pop_back();
    std::make_heap(heap.begin(), heap.end(), later);
  }
  const std::int64_t cancelled = cpu_now_ns();
  fired = 0;
  const std::size_t left = heap.size();
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    const std::uint32_t id = heap.back().id;
    heap.pop_back();
    on_due(id);
  }
  const std::int64_t fire = cpu_now_ns() - cancelled;
  figures->schedule_ns += scheduled - start;
  figures->cancel_ns += (cancelled - scheduled) * static_cast<std::int64_t>(half) / static_cast<std::int64_t>(sample);
  figures->fire_ns += fire * static_cast<std::int64_t>(plan->count - half) / static_cast<std::int64_t>(left);
  figures->fired += fired - (half - sample);
}
