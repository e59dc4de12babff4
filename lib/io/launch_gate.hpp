// LaunchGate: the few low descriptors through which a child gets its standard streams.
//
// A child that copies the daemon's table of descriptors pays for every job that runs beside it: three descriptors each,
// copied by clone and closed by execve. Four low numbers are therefore kept for launching; what the child shall have is
// put there for the moment of the launch, and the child takes over the low end of the table alone.
#pragma once

#include <array>
#include <expected>
#include <mutex>

namespace belfry::io {

/// Holds the four numbers for one launch; others wait meanwhile. Any thread.
class LaunchGate {
 public:
  using Numbers = std::array<int, 4>;

  /// Puts `sources` (standard input, output, error, report) behind the numbers, /dev/null for those that are -1.
  /// The sources stay the caller's. Waits for other threads' launches. Error: errno (EMFILE at the first use).
  static std::expected<LaunchGate, int> enter(const Numbers& sources);

  /// Keeps the numbers before others take the low ones: a child copies all that are below. Call it first of all; later
  /// calls do nothing, and without one the first launch does it. False: there are no descriptors left.
  static bool reserve() noexcept;

  LaunchGate(LaunchGate&&) noexcept = default;
  LaunchGate& operator=(LaunchGate&&) = delete;

  /// Puts /dev/null back: the sources are held here no longer.
  ~LaunchGate();

  /// Where they are: all above 3, all close-on-exec.
  const Numbers& numbers() const noexcept;

  /// The highest of four numbers.
  static int highest(const Numbers& numbers) noexcept {
    int highest = numbers[0];
    for (const int number : numbers) {
      if (number > highest) highest = number;
    }
    return highest;
  }

 private:
  explicit LaunchGate(std::unique_lock<std::mutex> turn) : turn_(std::move(turn)) {}

  std::unique_lock<std::mutex> turn_;
};

}  // namespace belfry::io
