// Backtrace: the calls on a thread's stack, as addresses; cheap to take, slow to make readable. A plain value.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace belfry::async {

class Backtrace {
 public:
  static constexpr std::size_t most = 48;  ///< calls that are kept, innermost first

  Backtrace() noexcept = default;

  /// The caller's own. Neither allocates nor locks, and may be called in a signal handler once prepare() has been
  /// called: the tables of the unwinder (gcc's _Unwind_Backtrace upon glibc's _dl_find_object) are read, never written.
  static Backtrace capture() noexcept;

  /// Loads what capture() needs. Any thread, once for the process; cheap when done already.
  static void prepare() noexcept;

  /// Leaves out the innermost calls up to the one that stands at this address, if any does: those of a signal handler.
  void drop_until(const void* address) noexcept;

  bool empty() const noexcept { return size_ == 0; }

  /// One line for each call: "read_all(int) at io/fs.cpp:31", or what the symbol tables know: "uv_run (libuv.so.1)".
  /// Reads the debug information of the program and its libraries from their files: takes tenths of a second, so never
  /// on a loop's thread. Any other thread.
  std::vector<std::string> symbolize() const;

 private:
  std::array<void*, most> calls_{};
  std::size_t size_ = 0;
};

}  // namespace belfry::async
