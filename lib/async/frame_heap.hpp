// The heap behind the frame pools: chunks of memory, each cut into blocks of one size, shared by all threads.
//
// A pool (frame_pool.hpp) takes and gives blocks in batches, so that the mutex and the search cost nothing for a single
// frame. glibc's malloc is good for a block now and then; for a hundred thousand tasks that come and go at once it
// takes most of their time, in bookkeeping at both ends of each block and in a page fault for each page. A heap that is
// large already grows by huge pages.
//
// A chunk whose blocks have all come back waits for the next burst, or until a loop has nothing else to do; then it is
// given back to the kernel, but for a few. Any thread. Not for use outside lib/async.
#pragma once

#include <cstddef>

namespace belfry::async::detail {

/// A block while nobody uses it.
struct FreeFrame {
  FreeFrame* next;
};

/// Blocks of these sizes: multiples of the granule, aligned to it as operator new does.
inline constexpr std::size_t frame_granule = __STDCPP_DEFAULT_NEW_ALIGNMENT__;
inline constexpr std::size_t frame_largest = 2048;
inline constexpr std::size_t frame_classes = frame_largest / frame_granule + 1;  // class n: n granules

/// A list of 1 to `most` blocks of the class. Throws std::bad_alloc.
FreeFrame* take_blocks(std::size_t size_class, std::size_t most);

/// Takes them back, of whatever classes; a null list is none.
void give_blocks(FreeFrame* list) noexcept;

/// Gives some empty chunks back to the kernel: a few dozen microseconds. False: nothing is left to give.
bool give_chunks_back() noexcept;

/// Bytes of the blocks that are taken, whether used or remembered by a pool.
std::size_t taken_bytes() noexcept;

}  // namespace belfry::async::detail
