// Delayed one-shots that wait for their time, a million of them if need be: only a little before it is due does one
// become a job with a state of its own.
//
// Owned by the engine, used on the loop's thread only. Never reads a clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/job.hpp"
#include "ledger/entry.hpp"

namespace belfry::engine {

/// Makes the job that carries out a delayed one-shot, and the stand-in for a job that was taken out of the
/// configuration while a run of it went on; the engine knows no kind of action.
using OneShotFactory = std::function<std::shared_ptr<const Job>(const ledger::OneShotAdded&)>;

class OneShots {
 public:
  OneShots() = default;
  OneShots(const OneShots&) = delete;
  OneShots& operator=(const OneShots&) = delete;

  /// Some 250 bytes each, for a short command. REQUIRES: none of that name is in. O(log n).
  void add(const ledger::OneShotAdded& request);

  bool contains(std::string_view name) const { return by_name_.contains(name); }
  std::size_t size() const noexcept { return by_name_.size(); }

  /// When the first one is due; none when there is none. O(1).
  std::optional<WallTime> earliest() const noexcept;

  /// The one of that name, none if it is not in; take() takes it out as well. O(log n).
  std::optional<ledger::OneShotAdded> find(std::string_view name) const;
  std::optional<ledger::OneShotAdded> take(std::string_view name);

  /// Takes out the first one if it is due at `until` or before. O(log n).
  std::optional<ledger::OneShotAdded> take_due(WallTime until);

  /// The first ones to become due, in that order.
  std::vector<ledger::OneShotAdded> first(std::size_t limit) const;

  /// "one-shot-N", of the numbers that none has borne so far the smallest.
  std::string fresh_name() { return "one-shot-" + std::to_string(next_number_++); }

 private:
  /// By due time, in the order of their coming; the rest in one text, the name first.
  using ByTime = std::multimap<WallTime, std::string>;

  ledger::OneShotAdded take(ByTime::iterator place);

  ByTime by_time_;
  std::unordered_map<std::string_view, ByTime::iterator> by_name_;  // the names are in the texts
  std::uint64_t next_number_ = 1;
};

}  // namespace belfry::engine
