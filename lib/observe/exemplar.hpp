// One example of what a bucket of a histogram counts: a run, so that a graph leads to `belfry logs RUN`.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "observe/cell.hpp"

namespace belfry::observe {

struct Exemplar {
  std::int64_t run = 0;
  double value = 0;  ///< what was counted, in the unit of the histogram
  double at = 0;     ///< when, as Unix time in seconds
};

/// The newest exemplar of one bucket. Written by one thread at a time, read by any; neither ever waits.
class ExemplarCell {
 public:
  void set(const Exemplar& exemplar) noexcept {
    const std::uint64_t version = version_.load(std::memory_order_relaxed);
    version_.store(version + 1, std::memory_order_relaxed);  // odd: it is being written
    std::atomic_thread_fence(std::memory_order_release);
    run_.set(exemplar.run);
    value_.set(exemplar.value);
    at_.set(exemplar.at);
    version_.store(version + 2, std::memory_order_release);
  }

  /// Nothing if there is none yet, or if it is being replaced right now.
  std::optional<Exemplar> get() const noexcept {
    const std::uint64_t version = version_.load(std::memory_order_acquire);
    if (version == 0 || version % 2 != 0) return std::nullopt;
    const Exemplar exemplar{.run = run_.get(), .value = value_.get(), .at = at_.get()};
    std::atomic_thread_fence(std::memory_order_acquire);
    return version_.load(std::memory_order_relaxed) == version ? std::optional(exemplar) : std::nullopt;
  }

 private:
  std::atomic<std::uint64_t> version_ = 0;
  Cell<std::int64_t> run_;
  Cell<double> value_;
  Cell<double> at_;
};

}  // namespace belfry::observe
