// A figure with one writer and many readers: the loop's thread writes, a scrape reads on another; neither ever waits.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace belfry::observe {

/// One number. Written by one thread at a time, read by any; a reader may see it a moment late.
template <class T>
class Cell {
 public:
  explicit Cell(T value = T{}) noexcept : value_(value) {}

  void set(T value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(T amount) noexcept { set(get() + amount); }  // no locked instruction: there is one writer
  T get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_;
};

/// A histogram with the bounds of a constant table; a value on a bound counts below it, as Prometheus has it.
template <const auto& Bounds>
class HistogramCells {
 public:
  static constexpr std::size_t kBuckets = std::size(Bounds) + 1;  // the last one is +Inf

  /// Counts it, and tells in which bucket.
  std::size_t observe(double value) noexcept {
    std::size_t bucket = 0;
    while (bucket + 1 < kBuckets && value > Bounds[bucket]) ++bucket;
    counts_[bucket].add(1);
    sum_.add(value);
    return bucket;
  }

  std::uint64_t count(std::size_t bucket) const noexcept { return counts_[bucket].get(); }
  double sum() const noexcept { return sum_.get(); }
  static constexpr std::span<const double> bounds() noexcept { return Bounds; }

 private:
  std::array<Cell<std::uint64_t>, kBuckets> counts_;
  Cell<double> sum_;
};

}  // namespace belfry::observe
