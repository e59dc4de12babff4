// Chunks and their blocks; see frame_heap.hpp.

#include "async/frame_heap.hpp"

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>

namespace belfry::async::detail {
namespace {

constexpr std::size_t chunk_size = 256UZ * 1024;  // and its alignment: a block's chunk is found by its address
constexpr std::size_t spare_chunks = 4;           // kept for ever, with their pages
constexpr std::size_t chunks_at_once = 2;         // given back to the kernel
constexpr std::size_t huge_size = 2048UZ * 1024;
constexpr std::size_t large_heap = huge_size / 4;  // bytes taken, from which on it grows by huge pages

struct Chunk {
  Chunk* previous = nullptr;  // among those of its class that have room
  Chunk* next = nullptr;
  FreeFrame* free = nullptr;  // blocks that came back
  std::size_t fresh = 0;      // where the part begins that was never cut
  std::size_t block = 0;      // bytes of one
  std::size_t taken = 0;      // blocks

  bool has_room() const noexcept { return free != nullptr || fresh + block <= chunk_size; }
  FreeFrame* take() noexcept {
    ++taken;
    if (free != nullptr) return std::exchange(free, free->next);
    auto* const memory = reinterpret_cast<std::byte*>(this) + std::exchange(fresh, fresh + block);
    return ::new (memory) FreeFrame{nullptr};
  }
};
constexpr std::size_t chunk_header = 64;
static_assert(sizeof(Chunk) <= chunk_header);

Chunk* chunk_of(FreeFrame* block) noexcept {
  return reinterpret_cast<Chunk*>(reinterpret_cast<std::byte*>(block) -
                                  reinterpret_cast<std::uintptr_t>(block) % chunk_size);
}

bool aligned(const void* memory) noexcept { return reinterpret_cast<std::uintptr_t>(memory) % chunk_size == 0; }

void unmap(std::byte* from, const std::byte* to) noexcept {
  if (from != to) ::munmap(from, static_cast<std::size_t>(to - from));
}

void* map(void* where, std::size_t size, bool populated) noexcept {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | (populated ? MAP_POPULATE : 0);
  void* const memory = ::mmap(where, size, PROT_READ | PROT_WRITE, flags, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

/// All chunks. Never destroyed: a thread-local object may give a frame back at the very end.
class FrameHeap {
 public:
  FreeFrame* take(std::size_t size_class, std::size_t most) {
    const std::scoped_lock lock(mutex_);
    if (with_room_[size_class] == nullptr) add_chunk(size_class);
    Chunk& chunk = *with_room_[size_class];
    FreeFrame* first = nullptr;
    FreeFrame** end = &first;
    for (; most > 0 && chunk.has_room(); --most) {
      *end = chunk.take();
      end = &(*end)->next;
      taken_bytes_ += chunk.block;
    }
    *end = nullptr;
    if (!chunk.has_room()) unlink(chunk);
    return first;
  }

  void give(FreeFrame* list) noexcept {
    const std::scoped_lock lock(mutex_);
    while (list != nullptr) give_one(*std::exchange(list, list->next));
  }

  bool give_chunks_back() noexcept {
    if (spare_count_.load(std::memory_order_relaxed) <= spare_chunks &&
        !reserve_left_.load(std::memory_order_relaxed)) {
      return false;  // as a rule, so without the lock
    }
    const std::scoped_lock lock(mutex_);
    unmap(reserve_, std::exchange(reserve_end_, reserve_));
    reserve_left_.store(false, std::memory_order_relaxed);
    for (std::size_t i = 0; i < chunks_at_once && spare_count_.load(std::memory_order_relaxed) > spare_chunks; ++i) {
      ::munmap(std::exchange(spare_, spare_->next), chunk_size);
      change_spares(-1);
    }
    return true;
  }

  std::size_t taken_bytes() noexcept {
    const std::scoped_lock lock(mutex_);
    return taken_bytes_;
  }

 private:
  void give_one(FreeFrame& block) noexcept {
    Chunk& chunk = *chunk_of(&block);
    if (!chunk.has_room()) link(chunk);
    block.next = std::exchange(chunk.free, &block);
    taken_bytes_ -= chunk.block;
    if (--chunk.taken > 0) return;
    unlink(chunk);
    chunk.next = std::exchange(spare_, &chunk);
    change_spares(1);
  }

  void add_chunk(std::size_t size_class) {
    void* memory = spare_;
    if (memory != nullptr) {
      spare_ = spare_->next;
      change_spares(-1);
    } else {
      memory = new_chunk(std::exchange(grown_[size_class], true));
    }
    auto* const chunk = ::new (memory) Chunk;
    chunk->fresh = chunk_header;
    chunk->block = size_class * frame_granule;
    link(*chunk);
  }

  /// `populated`: with its pages, by one call of the kernel instead of one page fault for each. For a class that has
  /// filled a chunk before, and will fill the next; of a first chunk only what is used shall take memory.
  void* new_chunk(bool populated) {
    if (taken_bytes_ >= large_heap) {
      if (void* const memory = huge_chunk(); memory != nullptr) return memory;
    }
    void* memory = map(below_, chunk_size, populated);
    if (memory != nullptr && !aligned(memory)) {
      ::munmap(memory, chunk_size);
      memory = map_aligned(chunk_size);
    }
    if (memory == nullptr) throw std::bad_alloc();
    below_ = static_cast<std::byte*>(memory) - chunk_size;
    return memory;
  }

  /// Aligned to its size, which is a power of two.
  static std::byte* map_aligned(std::size_t size) noexcept {
    auto* const memory = static_cast<std::byte*>(map(nullptr, 2 * size, false));
    if (memory == nullptr) return nullptr;
    std::byte* const begin = memory + (size - reinterpret_cast<std::uintptr_t>(memory) % size) % size;
    unmap(memory, begin);
    unmap(begin + size, memory + 2 * size);
    return begin;
  }

  /// For a heap that is large already: one huge page costs a tenth of its small ones (madvise(2), MADV_HUGEPAGE). Where
  /// the kernel has none for us, it is made of small ones.
  std::byte* huge_chunk() noexcept {
    if (reserve_ == reserve_end_) {
      reserve_ = reserve_end_ = map_aligned(huge_size);
      if (reserve_ == nullptr) return nullptr;
      reserve_end_ += huge_size;
      ::madvise(reserve_, huge_size, MADV_HUGEPAGE);
      ::madvise(reserve_, huge_size, MADV_POPULATE_WRITE);  // before Linux 5.14: page by page, as they are touched
    }
    std::byte* const chunk = std::exchange(reserve_, reserve_ + chunk_size);
    reserve_left_.store(reserve_ != reserve_end_, std::memory_order_relaxed);
    return chunk;
  }

  void link(Chunk& chunk) noexcept {
    Chunk*& first = with_room_[chunk.block / frame_granule];
    chunk.previous = nullptr;
    chunk.next = first;
    if (first != nullptr) first->previous = &chunk;
    first = &chunk;
  }
  void unlink(Chunk& chunk) noexcept {
    (chunk.previous != nullptr ? chunk.previous->next : with_room_[chunk.block / frame_granule]) = chunk.next;
    if (chunk.next != nullptr) chunk.next->previous = chunk.previous;
  }

  void change_spares(int by) noexcept {
    spare_count_.store(spare_count_.load(std::memory_order_relaxed) + static_cast<std::size_t>(by),
                       std::memory_order_relaxed);
  }

  std::mutex mutex_;
  std::array<Chunk*, frame_classes> with_room_{};
  std::array<bool, frame_classes> grown_{};
  Chunk* spare_ = nullptr;
  std::atomic<std::size_t> spare_count_ = 0;  // written under the mutex
  std::byte* reserve_ = nullptr;              // of a huge page that is not cut yet
  std::byte* reserve_end_ = nullptr;
  std::atomic<bool> reserve_left_ = false;  // written under the mutex
  std::byte* below_ = nullptr;              // where the next chunk would be aligned without more ado
  std::size_t taken_bytes_ = 0;
};

constinit FrameHeap heap;
static_assert(std::is_trivially_destructible_v<FrameHeap>);

}  // namespace

FreeFrame* take_blocks(std::size_t size_class, std::size_t most) { return heap.take(size_class, most); }

void give_blocks(FreeFrame* list) noexcept {
  if (list != nullptr) heap.give(list);
}

bool give_chunks_back() noexcept { return heap.give_chunks_back(); }

std::size_t taken_bytes() noexcept { return heap.taken_bytes(); }

}  // namespace belfry::async::detail
