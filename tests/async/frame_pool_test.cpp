#include "async/frame_pool.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

using namespace belfry::async;

namespace {

struct Block {
  unsigned char* memory;
  std::size_t size;
  unsigned char pattern;
};

Block make_block(std::size_t size, unsigned char pattern) {
  auto* const memory = static_cast<unsigned char*>(frame_allocate(size));
  std::memset(memory, pattern, size);
  return {memory, size, pattern};
}

bool intact(const Block& block) {
  return std::all_of(block.memory, block.memory + block.size, [&](unsigned char c) { return c == block.pattern; });
}

// Runs on a thread of its own: its pool starts empty, and its end is part of the test.
template <class F>
void on_fresh_thread(F body) {
  std::thread(body).join();
}

}  // namespace

TEST_CASE("frames are aligned for any object and do not overlap", "[frame_pool]") {
  std::mt19937 random(7);
  std::vector<Block> live;
  for (int step = 0; step < 20'000; ++step) {
    if (live.size() < 200 && random() % 2 == 0) {
      live.push_back(make_block(1 + random() % 3000, static_cast<unsigned char>(step)));
      REQUIRE(reinterpret_cast<std::uintptr_t>(live.back().memory) % __STDCPP_DEFAULT_NEW_ALIGNMENT__ == 0);
    } else if (!live.empty()) {
      std::swap(live[random() % live.size()], live.back());
      REQUIRE(intact(live.back()));
      frame_free(live.back().memory, live.back().size);
      live.pop_back();
    }
  }
  for (const Block& block : live) {
    REQUIRE(intact(block));
    frame_free(block.memory, block.size);
  }
}

TEST_CASE("a freed frame is the next one of its size class", "[frame_pool]") {
  if (!frame_pool_enabled) return;
  on_fresh_thread([] {
    void* const first = frame_allocate(200);
    frame_free(first, 200);
    CHECK(frame_pool_bytes() == 208);
    void* const other_class = frame_allocate(300);
    void* const same_class = frame_allocate(195);
    CHECK(other_class != first);
    CHECK(same_class == first);
    CHECK(frame_pool_bytes() == 0);
    frame_free(other_class, 300);
    frame_free(same_class, 195);
  });
}

TEST_CASE("a thread remembers no more than the limit", "[frame_pool]") {
  on_fresh_thread([] {
    std::vector<void*> frames;
    for (std::size_t bytes = 0; bytes < 3 * frame_pool_limit; bytes += 1024) frames.push_back(frame_allocate(1000));
    for (void* const frame : frames) frame_free(frame, 1000);
    CHECK(frame_pool_bytes() == (frame_pool_enabled ? frame_pool_limit / 1008 * 1008 : 0));
    frame_pool_trim();
    CHECK(frame_pool_bytes() == 0);
  });
}

TEST_CASE("large frames are not remembered", "[frame_pool]") {
  on_fresh_thread([] {
    void* const frame = frame_allocate(frame_pool_largest + 1);
    frame_free(frame, frame_pool_largest + 1);
    CHECK(frame_pool_bytes() == 0);
  });
}

TEST_CASE("a frame may be freed by another thread, which then owns it", "[frame_pool]") {
  std::vector<Block> blocks;
  for (int i = 0; i < 100; ++i) blocks.push_back(make_block(500, static_cast<unsigned char>(i)));
  on_fresh_thread([&] {
    for (const Block& block : blocks) {
      CHECK(intact(block));
      frame_free(block.memory, block.size);
    }
    CHECK(frame_pool_bytes() == (frame_pool_enabled ? 100 * 512 : 0));
  });
}

TEST_CASE("what thousands of frames took is given back to the kernel", "[frame_pool]") {
  if (!frame_pool_enabled) return;
  on_fresh_thread([] {
    const auto mapped = [] {  // pages; nothing else of this program runs now
      std::size_t pages = 0;
      std::ifstream("/proc/self/statm") >> pages;
      return pages;
    };
    constexpr std::size_t count = 20'000;
    constexpr std::size_t pages_of_all = count * 1008 / 4096;
    const std::size_t taken_before = frame_heap_bytes();
    const std::size_t mapped_before = mapped();
    std::vector<void*> frames(count);
    for (void*& frame : frames) frame = frame_allocate(1000);
    CHECK(frame_heap_bytes() >= taken_before + count * 1008);
    CHECK(mapped() >= mapped_before + pages_of_all * 3 / 4);  // a few chunks may have been there
    std::shuffle(frames.begin(), frames.end(), std::mt19937(3));
    for (void* const frame : frames) frame_free(frame, 1000);
    frame_pool_trim();
    while (frame_pool_settle()) {
    }
    CHECK(frame_heap_bytes() == taken_before);
    CHECK(mapped() < mapped_before + pages_of_all / 4);  // but for a few chunks, for the next burst
  });
}

TEST_CASE("threads that hand frames to each other keep them intact", "[frame_pool]") {
  std::mutex lock;
  std::vector<Block> shared;
  const auto worker = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int step = 0; step < 20'000; ++step) {
      Block block = make_block(1 + random() % 1000, static_cast<unsigned char>(step));
      {
        const std::lock_guard guard(lock);
        if (shared.size() < 50) {
          shared.push_back(block);
          continue;
        }
        std::swap(block, shared[random() % shared.size()]);
      }
      if (!intact(block)) throw std::logic_error("a frame was overwritten");
      frame_free(block.memory, block.size);
    }
  };
  std::thread first(worker, 1U);
  std::thread second(worker, 2U);
  first.join();
  second.join();
  for (const Block& block : shared) {
    REQUIRE(intact(block));
    frame_free(block.memory, block.size);
  }
}

TEST_CASE("a thread-local object that dies after the pool may still free its frame", "[frame_pool]") {
  struct LateOwner {
    void* frame = nullptr;
    ~LateOwner() { frame_free(frame, 100); }  // a leak or a double free is the sanitizers' to find
  };
  on_fresh_thread([] {
    thread_local LateOwner owner;  // made before the pool registers its end, hence destroyed after it
    owner.frame = frame_allocate(100);
    frame_free(frame_allocate(50), 50);
    CHECK(frame_pool_bytes() == (frame_pool_enabled ? 64 : 0));
  });
}
