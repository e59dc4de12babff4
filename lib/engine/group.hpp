// A named group at run time: how much of its limit is taken, who waits for a part of it, and who goes next. Pure.
//
// Owned by the engine; loop thread only; the time is an argument. How the engine uses it:
//   a slot is due       ask(): enter() now, wait(), or refuse it
//   a run has ended     leave(), then as often as next() names one: enter() that one and start it, or withdraw() it
//   next_at() names an instant (the rate holds the next one back): a timer until then, then the same
// Those who wait go in order: the highest priority first, then who has waited longest. The first of them is never
// passed by one behind it that would fit, so a heavy run gets its turn; a lasting stream of a higher priority does keep
// lower ones waiting, which is what a priority is for.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/policies.hpp"
#include "engine/token_bucket.hpp"
#include "ledger/entry.hpp"

namespace belfry::engine {

/// A run that waits for its part of a group.
struct Waiter {
  ledger::RunId run = 0;
  int weight = 1;
  int priority = 0;
  Monotonic since;
};

/// What a run that asks is told.
enum class Entry : std::uint8_t {
  enter,  ///< it fits now
  wait,   ///< not now, but there is room to wait
  full,   ///< refused: skipped(group)
  rate,   ///< refused: skipped(rate)
};

class Group {
 public:
  Group(std::string name, const GroupPolicy& policy);

  /// Another policy from now on. Nobody is thrown out: who is in stays in, who waits goes on waiting. Afterwards ask
  /// next(), there may be more room.
  void set_policy(const GroupPolicy& policy, Monotonic now);

  /// Whether a run may enter now: the weights under way and its own are within the limit (one that is heavier than the
  /// limit enters when nobody else is in), nobody of the same or a higher priority waits, and the rate has a token. If
  /// not: wait, or, with on_full: skip or a full queue, the reason of the refusal.
  Entry ask(const GroupUse& use, Monotonic now) const;

  /// The run is in, and has taken a token of the rate; it waits no more. Asks nobody: a run by hand may exceed the
  /// limit. Throws std::logic_error when it is in already.
  void enter(ledger::RunId run, int weight, Monotonic now);

  /// As enter(), for a run that was found again after a restart: it started long ago and takes no token.
  void adopt(ledger::RunId run, int weight);

  /// The run has ended; false when it was not in. Afterwards ask next().
  bool leave(ledger::RunId run) noexcept;

  /// The run waits, though the queue may be full: ask() before. Throws std::logic_error when it waits already.
  void wait(const Waiter& waiter);

  /// The run waits no more; false when it did not wait. Afterwards ask next(): a lighter one may be the first now.
  bool withdraw(ledger::RunId run) noexcept;

  /// The first of those who wait, if it may enter now. It keeps its place until enter() or withdraw().
  std::optional<Waiter> next(Monotonic now) const;

  /// When the rate lets the first of those who wait in: `now` or later; none when nobody waits, or when it waits for
  /// room, of which leave() will tell.
  std::optional<Monotonic> next_at(Monotonic now) const;

  const std::string& name() const noexcept { return name_; }
  const GroupPolicy& policy() const noexcept { return policy_; }
  std::int64_t used() const noexcept { return used_; }  ///< the sum of the weights under way
  std::size_t running() const noexcept { return inside_.size(); }
  std::size_t waiting() const noexcept { return order_.size(); }
  std::vector<Waiter> waiters() const;  ///< in the order in which they go

  /// One line for people: "group db: 2 of 2 taken by 2 runs, 3 wait".
  std::string dump() const;

 private:
  struct Place {  // in the order of those who wait
    int priority;
    Monotonic since;
    std::uint64_t arrival;
    ledger::RunId run;
    int weight;
    bool operator<(const Place& other) const noexcept;
  };

  bool fits(int weight) const noexcept;
  void count_in(ledger::RunId run, int weight);

  std::string name_;
  GroupPolicy policy_;
  std::optional<TokenBucket> rate_;
  std::map<ledger::RunId, int> inside_;  // weights
  std::int64_t used_ = 0;
  std::set<Place> order_;
  std::map<ledger::RunId, std::set<Place>::const_iterator> places_;
  std::uint64_t next_arrival_ = 0;
};

}  // namespace belfry::engine
