// FileProgress: how far the work of a `file` job has come: written by the thread that does it, read by the loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "engine/progress.hpp"

namespace belfry::jobs {

/// Every member but now(): one thread. now(): any thread; what it gives may be a moment old.
class FileProgress {
 public:
  /// How much there is to do; not called when nobody knows.
  void expect(std::uint64_t files, std::uint64_t bytes) noexcept {
    bytes_total_.store(bytes, std::memory_order_relaxed);
    files_total_.store(files, std::memory_order_relaxed);
  }
  /// The same when nobody knows how many files there are.
  void expect_bytes(std::uint64_t bytes) noexcept { bytes_total_.store(bytes, std::memory_order_relaxed); }
  /// So much of the file under way is done.
  void reach(std::uint64_t bytes) noexcept { bytes_.store(finished_ + bytes, std::memory_order_relaxed); }
  /// Another file, of work that tells of bytes by reach() alone.
  void next_file() noexcept { files_.store(files_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
  /// The file under way is done, and had so many bytes.
  void finish(std::uint64_t bytes) noexcept {
    finished_ += bytes;
    bytes_.store(finished_, std::memory_order_relaxed);
    files_.store(files_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  engine::Progress now() const noexcept {
    engine::Progress progress{.files = files_.load(std::memory_order_relaxed),
                              .bytes = bytes_.load(std::memory_order_relaxed)};
    const auto known = [](const std::atomic<std::uint64_t>& total) {
      const std::uint64_t value = total.load(std::memory_order_relaxed);
      return value == unknown ? std::nullopt : std::optional(value);
    };
    progress.files_total = known(files_total_);
    progress.bytes_total = known(bytes_total_);
    return progress;
  }

 private:
  static constexpr std::uint64_t unknown = ~std::uint64_t{0};

  std::uint64_t finished_ = 0;
  std::atomic<std::uint64_t> files_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> files_total_{unknown};
  std::atomic<std::uint64_t> bytes_total_{unknown};
};

}  // namespace belfry::jobs
