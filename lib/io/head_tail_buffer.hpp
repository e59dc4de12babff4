// HeadTailBuffer: the first and the last bytes of a stream of any length, in bounded memory.
//
// Plain value without locks: whoever owns it calls it from one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace belfry::io {

/// Keeps the first `head_limit` and the last `tail_limit` bytes of what is appended. Memory grows with the input up to
/// head_limit + tail_limit and never beyond; append() costs one copy of what is kept.
class HeadTailBuffer {
 public:
  /// Splits a budget in halves.
  explicit HeadTailBuffer(std::size_t budget) : HeadTailBuffer(budget / 2, budget - budget / 2) {}
  HeadTailBuffer(std::size_t head_limit, std::size_t tail_limit) : head_limit_(head_limit), tail_limit_(tail_limit) {}

  void append(std::span<const char> bytes);

  /// Goes on where another one was interrupted: it had been given `total` bytes and kept these ends. What is missing
  /// between them counts as dropped. REQUIRES: nothing has been appended.
  void resume(std::span<const char> head, std::span<const char> tail, std::uint64_t total);

  /// All bytes that were appended.
  std::uint64_t total() const noexcept { return total_; }

  /// Bytes between head() and tail() that were let go.
  std::uint64_t dropped() const noexcept { return total_ - head_.size() - tail_.size(); }

  const std::string& head() const noexcept { return head_; }

  /// The last bytes in order; empty when everything fitted into head(). Bytes of head() are never repeated here.
  std::string tail() const;

 private:
  void append_tail(std::span<const char> bytes);

  std::size_t head_limit_;
  std::size_t tail_limit_;
  std::string head_;
  std::string tail_;            // a ring once it is full
  std::size_t tail_begin_ = 0;  // where the oldest byte of the full ring is
  std::uint64_t total_ = 0;
};

}  // namespace belfry::io
