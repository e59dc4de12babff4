// The coroutine frames' allocator: free lists by size class, one set for each thread. It halves the cost of an await.
//
// A block comes from the heap of chunks (frame_heap.hpp) and is remembered, when freed, by the thread that frees it,
// whichever allocated it; nothing is shared, so nothing is locked. What a thread remembers is bounded and returned when
// the thread ends.
// Under a sanitizer the pool steps aside, so that a touched dead frame is reported and not recycled.
#pragma once

#include <array>
#include <cstddef>
#include <new>

#include "async/frame_heap.hpp"

namespace belfry::async {

#if defined(__has_feature)
#define BELFRY_HAS_FEATURE(name) __has_feature(name)
#else
#define BELFRY_HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || BELFRY_HAS_FEATURE(address_sanitizer) || \
    BELFRY_HAS_FEATURE(thread_sanitizer) || BELFRY_HAS_FEATURE(memory_sanitizer)
inline constexpr bool frame_pool_enabled = false;
#else
inline constexpr bool frame_pool_enabled = true;
#endif
#undef BELFRY_HAS_FEATURE

/// Bytes that one thread remembers at most; what is freed beyond goes back to the heap, by the dozen.
inline constexpr std::size_t frame_pool_limit = std::size_t{1} << 20U;

/// The largest frame that is pooled; larger ones are rare and go to operator new and delete.
inline constexpr std::size_t frame_pool_largest = detail::frame_largest;

namespace detail {

constexpr std::size_t frame_class(std::size_t size) noexcept { return (size + frame_granule - 1) / frame_granule; }
constexpr std::size_t frame_block(std::size_t size_class) noexcept { return size_class * frame_granule; }

/// What a thread remembers. Trivially destroyed on purpose: a thread-local object that dies late may still free frames.
struct FrameCache {
  std::array<FreeFrame*, frame_classes> free{};
  std::size_t bytes = 0;                          // in these
  std::size_t limit = 0;                          // 0: the thread has not registered its clean-up, or has cleaned up
  std::array<FreeFrame*, frame_classes> fresh{};  // come from the heap, not yet used: the rest of a batch
  FreeFrame* leaving = nullptr;                   // on their way back to the heap
  std::size_t leaving_count = 0;
  bool ended = false;
};
inline constinit thread_local FrameCache frame_cache;

void* frame_allocate_slow(std::size_t size);
void frame_free_slow(void* frame, std::size_t size) noexcept;

}  // namespace detail

/// Memory for a frame of `size` bytes (> 0), aligned as operator new does. Any thread. Throws std::bad_alloc.
inline void* frame_allocate(std::size_t size) {
  if constexpr (frame_pool_enabled) {
    if (size <= frame_pool_largest) [[likely]] {
      detail::FrameCache& cache = detail::frame_cache;
      const std::size_t size_class = detail::frame_class(size);
      if (detail::FreeFrame* const frame = cache.free[size_class]; frame != nullptr) [[likely]] {
        cache.free[size_class] = frame->next;
        cache.bytes -= detail::frame_block(size_class);
        return frame;
      }
    }
  }
  return detail::frame_allocate_slow(size);
}

/// Returns what frame_allocate(size) gave, from any thread. REQUIRES: the same size.
inline void frame_free(void* frame, std::size_t size) noexcept {
  if constexpr (frame_pool_enabled) {
    detail::FrameCache& cache = detail::frame_cache;
    const std::size_t size_class = detail::frame_class(size);
    const std::size_t bytes = cache.bytes + detail::frame_block(size_class);
    if (size <= frame_pool_largest && bytes <= cache.limit) [[likely]] {
      cache.free[size_class] = ::new (frame) detail::FreeFrame{cache.free[size_class]};
      cache.bytes = bytes;
      return;
    }
  }
  detail::frame_free_slow(frame, size);
}

/// Bytes that the calling thread remembers now.
inline std::size_t frame_pool_bytes() noexcept { return detail::frame_cache.bytes; }

/// Returns all that the calling thread remembers to the heap, as after a burst.
void frame_pool_trim() noexcept;

/// Gives up to two megabytes that no frame needs any more back to the kernel. False: there are none. A loop calls it
/// when it has nothing else to do, and until it says so when it closes. Any thread.
inline bool frame_pool_settle() noexcept { return detail::give_chunks_back(); }

/// Bytes that frames of all threads take, with what the threads remember; those from operator new are not counted.
inline std::size_t frame_heap_bytes() noexcept { return detail::taken_bytes(); }

}  // namespace belfry::async
