// The slow side: the way to the heap and back, and what happens when a thread begins to remember frames and when it
// ends.
#include "async/frame_pool.hpp"

#include <algorithm>
#include <utility>

namespace belfry::async {
namespace {

using detail::FrameCache;
using detail::FreeFrame;

constexpr std::size_t batch_bytes = 16UZ * 1024;  // fetched at once
constexpr std::size_t batch_back = 64;            // blocks returned at once

/// Its destructor is the end of the thread. Touched when the thread first comes to the slow side, so that the fast path
/// needs no guard.
struct ThreadEnd {
  void touch() noexcept {}
  ~ThreadEnd() {
    detail::frame_cache.limit = 0;
    detail::frame_cache.ended = true;
    frame_pool_trim();
  }
};
thread_local ThreadEnd thread_end;

/// False: the thread has ended, and must not remember anything.
bool begun(FrameCache& cache) noexcept {
  if (cache.ended) return false;
  if (cache.limit == 0) {
    thread_end.touch();
    cache.limit = frame_pool_limit;
  }
  return true;
}

void give_leaving(FrameCache& cache) noexcept {
  detail::give_blocks(std::exchange(cache.leaving, nullptr));
  cache.leaving_count = 0;
}

}  // namespace

void* detail::frame_allocate_slow(std::size_t size) {
  if (!frame_pool_enabled || size > frame_pool_largest) return ::operator new(size);
  FrameCache& cache = frame_cache;
  const std::size_t size_class = frame_class(size);
  if (!begun(cache)) return take_blocks(size_class, 1);
  FreeFrame*& fresh = cache.fresh[size_class];
  if (fresh == nullptr)
    fresh = take_blocks(size_class, std::max<std::size_t>(1, batch_bytes / frame_block(size_class)));
  return std::exchange(fresh, fresh->next);
}

void detail::frame_free_slow(void* frame, std::size_t size) noexcept {
  if (!frame_pool_enabled || size > frame_pool_largest) {
    ::operator delete(frame);
    return;
  }
  FrameCache& cache = frame_cache;
  if (cache.limit == 0 && begun(cache)) {
    frame_free(frame, size);
    return;
  }
  cache.leaving = ::new (frame) FreeFrame{cache.leaving};
  if (++cache.leaving_count >= batch_back || cache.ended) give_leaving(cache);
}

void frame_pool_trim() noexcept {
  FrameCache& cache = detail::frame_cache;
  give_leaving(cache);
  for (auto* const lists : {&cache.free, &cache.fresh}) {
    for (FreeFrame*& list : *lists) detail::give_blocks(std::exchange(list, nullptr));
  }
  cache.bytes = 0;
}

}  // namespace belfry::async
