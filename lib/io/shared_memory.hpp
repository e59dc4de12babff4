// SharedMemory: bytes that several processes see, passed between them by descriptor and never copied.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include "io/fd.hpp"

namespace belfry::io {

/// An anonymous file (memfd_create(2)) mapped for reading and writing. Its size is sealed: no process that has it can
/// cut it off under the others, whose next access would be a SIGBUS. Move-only. What is in it is shared: who writes and
/// who reads when is for the processes to agree on, as for threads.
class SharedMemory {
 public:
  /// New memory, all zero. `size` >= 1 byte (std::invalid_argument). Throws std::system_error.
  explicit SharedMemory(std::size_t size);

  /// Maps memory that another process made. Throws std::invalid_argument for a descriptor that is none, or whose size
  /// is not sealed; std::system_error when it cannot be mapped.
  explicit SharedMemory(Fd file);

  SharedMemory(SharedMemory&& other) noexcept
      : file_(std::move(other.file_)), bytes_(std::exchange(other.bytes_, {})) {}
  SharedMemory& operator=(SharedMemory&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  /// Unmaps it; the memory is freed when the last process has.
  ~SharedMemory();

  std::span<std::byte> bytes() const noexcept { return bytes_; }

  /// The same as an array of Ts, as many as fit.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  std::span<T> as() const noexcept {
    return {reinterpret_cast<T*>(bytes_.data()), bytes_.size() / sizeof(T)};
  }

  /// For those who pass it on; stays owned by this object. -1 after close_file().
  int fd() const noexcept { return file_.get(); }

  /// The memory stays mapped without its descriptor.
  void close_file() noexcept { file_.reset(); }

 private:
  void map(std::size_t size);

  Fd file_;
  std::span<std::byte> bytes_;
};

}  // namespace belfry::io
