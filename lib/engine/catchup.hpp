// The plan of missed slots that wait to be made up for, over all jobs, and the pace at which that happens. Pure.
//
// Owned by the engine; loop thread only; the time is an argument. A daemon that was down for a fortnight must not start
// all that it missed at once: the slots come out by priority, then the stalest first, and no faster than the budget.
// A million slots are fine: memory is 50 bytes for each, and no call but plan() and remove() takes longer for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/policies.hpp"
#include "engine/token_bucket.hpp"

namespace belfry::engine {

/// A slot that has passed and is still to run.
struct MissedSlot {
  std::string job;
  WallTime slot;
  int priority = 0;

  friend bool operator==(const MissedSlot&, const MissedSlot&) = default;
};

class Catchup {
 public:
  /// The budget lets starts_per_minute slots out, evenly, and up to a second's worth of them at once.
  explicit Catchup(const CatchupPolicy& policy);

  /// Another pace from now on.
  void set_policy(const CatchupPolicy& policy, Monotonic now) noexcept;

  /// The slot waits; false when it did already. A job has one priority, that of its last add(): it counts for all of
  /// its slots. O(log n).
  bool add(std::string_view job, WallTime slot, int priority);

  /// Takes out the slot that comes first, if the budget allows one more start. Of equal priority the oldest slot comes
  /// first, of equally old ones the first job by name. O(log n).
  std::optional<MissedSlot> take(Monotonic now);

  /// When take() will give one: `now` or later; none when nothing waits.
  std::optional<Monotonic> next_at(Monotonic now) const noexcept;

  /// The first `limit` slots in the order in which they would come out, for people. O(limit * log n).
  std::vector<MissedSlot> plan(std::size_t limit) const;

  /// Forgets all slots of a job and returns them, the oldest first: it was withdrawn, or they are to be skipped, or run
  /// at once.
  std::vector<WallTime> remove(std::string_view job);

  std::size_t size() const noexcept { return size_; }
  std::size_t size(std::string_view job) const noexcept;  ///< of one job

 private:
  struct Waiting {
    int priority = 0;
    std::set<WallTime> slots;
  };
  using Jobs = std::map<std::string, Waiting, std::less<>>;
  struct Turn {  // a job's place, by its oldest slot
    int priority;
    WallTime slot;
    Jobs::const_iterator job;
    bool operator<(const Turn& other) const noexcept;
  };

  static Turn turn_of(Jobs::const_iterator job) noexcept;

  TokenBucket budget_;
  Jobs jobs_;  // none without slots
  std::set<Turn> turns_;
  std::size_t size_ = 0;
};

}  // namespace belfry::engine
