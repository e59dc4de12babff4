// Counted: an object that counts itself, so that a lifetime bug is a wrong number and not a crash.
#pragma once

#include <utility>

namespace belfry::testing {

/// How many Counted objects there are and were, since reset(). One thread.
struct Counts {
  int live = 0;
  int constructed = 0;
  int copied = 0;
  int moved = 0;
};

class Counted {
 public:
  explicit Counted(int number = 0) noexcept : value(number) { ++counts.live, ++counts.constructed; }
  Counted(const Counted& other) noexcept : value(other.value) { ++counts.live, ++counts.copied; }
  Counted(Counted&& other) noexcept : value(std::exchange(other.value, -1)) { ++counts.live, ++counts.moved; }
  Counted& operator=(const Counted&) noexcept = default;
  Counted& operator=(Counted&& other) noexcept {
    value = std::exchange(other.value, -1);
    return *this;
  }
  ~Counted() { --counts.live; }

  static void reset() noexcept { counts = Counts(); }

  int value;  ///< -1 after it was moved from
  inline static Counts counts;
};

}  // namespace belfry::testing
