#include "engine/slot_span.hpp"

#include <algorithm>
#include <optional>

namespace belfry::engine {
namespace {

/// Spans that grow at their end; a slot of another kind in between begins a new one.
class Spans {
 public:
  explicit Spans(std::vector<SlotSpan>& spans) : spans_(spans) {}

  void add(WallTime slot) {
    if (broken_) {
      spans_.push_back({.first = slot, .last = slot});
      broken_ = false;
    } else {
      spans_.back().last = slot;
      ++spans_.back().count;
    }
  }
  void interrupt() noexcept { broken_ = true; }

 private:
  std::vector<SlotSpan>& spans_;
  bool broken_ = true;
};

}  // namespace

DueSlots due_slots(const time::Trigger& trigger, const time::DaysOff& off, WallTime first, WallTime now,
                   std::size_t keep, std::span<const WallTime> accounted) {
  DueSlots due;
  Spans days_off(due.days_off);
  Spans older(due.older);
  std::vector<WallTime> ring;  // the newest `keep` working slots, the oldest at `oldest`
  std::size_t oldest = 0;
  std::vector<WallTime> borders;  // what splits a span, behind slots that are still in the ring
  for (std::optional<WallTime> slot = first; slot && *slot <= now; slot = trigger.next(*slot)) {
    due.last = *slot;
    if (std::ranges::binary_search(accounted, *slot)) {
      days_off.interrupt();
      borders.push_back(*slot);
      continue;
    }
    if (off.contains(*slot)) {
      days_off.add(*slot);
      borders.push_back(*slot);
      continue;
    }
    days_off.interrupt();
    if (ring.size() < keep) {
      ring.push_back(*slot);
      continue;
    }
    WallTime passed = *slot;
    if (keep > 0) {
      std::swap(passed, ring[oldest]);
      oldest = (oldest + 1) % keep;
    }
    const auto crossed = std::ranges::find_if(borders, [passed](WallTime border) { return border > passed; });
    if (crossed != borders.begin()) {
      older.interrupt();
      borders.erase(borders.begin(), crossed);
    }
    older.add(passed);
  }
  std::ranges::rotate(ring, ring.begin() + static_cast<std::ptrdiff_t>(oldest));
  due.newest = std::move(ring);
  return due;
}

}  // namespace belfry::engine
