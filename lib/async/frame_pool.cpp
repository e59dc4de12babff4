// The slow side: the way to the heap, and what happens when a thread begins to remember frames and when it ends.
#include "async/frame_pool.hpp"

#include <utility>

namespace belfry::async {
namespace {

// All frames of a class have the class's size, so that each fits every frame of the class.
std::size_t rounded(std::size_t size) noexcept {
  return size <= frame_pool_largest ? detail::frame_block(detail::frame_class(size)) : size;
}

/// Its destructor is the end of the thread. Touched when the thread frees its first frame, so that the fast path needs
/// no guard.
struct ThreadEnd {
  void touch() noexcept {}
  ~ThreadEnd() {
    detail::frame_cache.limit = 0;
    detail::frame_cache.ended = true;
    frame_pool_trim();
  }
};
thread_local ThreadEnd thread_end;

}  // namespace

void* detail::frame_allocate_slow(std::size_t size) {
  if constexpr (!frame_pool_enabled) return ::operator new(size);
  return ::operator new(rounded(size));
}

void detail::frame_free_slow(void* frame, std::size_t size) noexcept {
  if constexpr (frame_pool_enabled) {
    FrameCache& cache = frame_cache;
    if (cache.limit == 0 && !cache.ended) {
      thread_end.touch();
      cache.limit = frame_pool_limit;
      frame_free(frame, size);
      return;
    }
  }
  ::operator delete(frame);
}

void frame_pool_trim() noexcept {
  for (detail::FreeFrame*& list : detail::frame_cache.free) {
    for (detail::FreeFrame* frame = std::exchange(list, nullptr); frame != nullptr;) {
      ::operator delete(std::exchange(frame, frame->next));
    }
  }
  detail::frame_cache.bytes = 0;
}

}  // namespace belfry::async
