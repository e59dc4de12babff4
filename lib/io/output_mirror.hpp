// OutputMirror: the two ends of a stream in memory that outlives the process (a mapped file), so that what a job had
// printed is still there when the daemon that read it was killed.
//
// A view of a few kilobytes, written with plain stores and no system call. Whoever dies between any two instructions
// leaves memory that says exactly what is valid in it. One writer; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace belfry::io {

class OutputMirror {
 public:
  /// What is kept of a stream.
  struct Kept {
    std::string head;         ///< its first bytes
    std::string tail;         ///< its last bytes, none of which are in `head`
    std::uint64_t total = 0;  ///< all that was appended; what is in neither was dropped, between the two
  };

  /// One that keeps nothing.
  OutputMirror() noexcept = default;

  /// Goes on with what is in `memory`; all zero: nothing was appended yet. One of `parts` of it holds the head: always
  /// the same for the same memory. Memory of fewer than 64 bytes, or not aligned as an std::uint64_t is, keeps nothing.
  /// The memory is borrowed.
  explicit OutputMirror(std::span<std::byte> memory, std::size_t parts = 4) noexcept;

  /// How much memory keeps so many bytes of a stream.
  static std::size_t size_for(std::size_t bytes) noexcept;

  /// Whether something would be dropped if so many bytes had been appended.
  bool is_too_small_for(std::uint64_t bytes) const noexcept { return bytes > head_.size() + tail_.size(); }

  /// Costs one copy of what is kept. Bytes that were being appended when the writer died count as never appended.
  void append(std::span<const char> bytes) noexcept;

  Kept read() const;
  std::uint64_t total() const noexcept;  ///< as in Kept

  /// Which pipe it mirrors: an inode number, for whoever looks for the pipe later; 0: unknown.
  void set_source(std::uint64_t inode) noexcept;
  std::uint64_t source() const noexcept;

  /// Makes memory as if nothing had been appended; what is in it may be anything before.
  static void clear(std::span<std::byte> memory) noexcept;

 private:
  struct Header;
  struct Extent {
    std::uint64_t from = 0;  // of the tail's bytes, as a position in the stream
    std::uint64_t to = 0;
  };

  bool sound() const noexcept;
  Extent tail_extent() const noexcept;
  void copy_to_tail(std::uint64_t position, std::span<const char> bytes) noexcept;

  Header* header_ = nullptr;
  std::span<std::byte> head_;
  std::span<std::byte> tail_;  // a ring: a byte's place follows from its position in the stream
};

}  // namespace belfry::io
