// When a job is due: the one interface behind cron, calendars, intervals, one-shots, delays and their combinations.
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "time/wall_time.hpp"

namespace belfry::time {

class Fires;

/// Says when. Immutable and pure: no clock, no I/O; only describe() and normalise() allocate; safe from any thread.
class Trigger {
 public:
  virtual ~Trigger() = default;

  /// The first due instant strictly later than `after`, or none if there is none before the year 2200.
  virtual std::optional<WallTime> next(WallTime after) const noexcept = 0;

  /// The last due instant strictly earlier than `before`, or none if there is none from the year 1900 on.
  virtual std::optional<WallTime> previous(WallTime before) const noexcept = 0;

  /// The due instants later than `after` and not later than `until`, in order, each computed when it is asked for:
  /// `for (const WallTime fire : trigger.between(after, until))`. The trigger must outlive the range.
  Fires between(WallTime after, WallTime until) const noexcept;

  /// There is no due instant at all, not even in the past. Costs no more than a next(), by default exactly that.
  virtual bool never_fires() const noexcept;

  /// In plain English, e.g. "every 10 seconds", "at 02:30 on Monday through Friday, Europe/Berlin".
  virtual std::string describe() const = 0;

  /// The one way to write this trigger: triggers of one kind that mean the same have the same text, and
  /// parse_schedule() makes an equal trigger of it, given the same zone and policies as before. A cron expression is
  /// written in CronDialect::standard, a calendar expression as `systemd-analyze calendar` prints it.
  virtual std::string normalise() const = 0;
};

/// The due instants of a span, as an input range; see Trigger::between().
class Fires {
 public:
  class Iterator {
   public:
    using value_type = WallTime;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    Iterator() = default;
    Iterator(const Trigger& trigger, WallTime after, WallTime until) noexcept : trigger_(&trigger), until_(until) {
      look(after);
    }

    WallTime operator*() const noexcept { return *fire_; }
    Iterator& operator++() noexcept {
      look(*fire_);
      return *this;
    }
    void operator++(int) noexcept { ++*this; }
    friend bool operator==(const Iterator& self, std::default_sentinel_t /*end*/) noexcept {
      return !self.fire_.has_value();
    }

   private:
    void look(WallTime after) noexcept {
      fire_ = trigger_->next(after);
      if (fire_ && *fire_ > until_) fire_.reset();
    }

    const Trigger* trigger_ = nullptr;
    WallTime until_{};
    std::optional<WallTime> fire_;
  };

  Fires(const Trigger& trigger, WallTime after, WallTime until) noexcept
      : trigger_(&trigger), after_(after), until_(until) {}

  Iterator begin() const noexcept { return {*trigger_, after_, until_}; }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  const Trigger* trigger_;
  WallTime after_;
  WallTime until_;
};

/// The first `limit` of the due instants later than `after` and not later than `until`, as a list of their own.
std::vector<WallTime> fires_between(const Trigger& trigger, WallTime after, WallTime until, std::size_t limit);

}  // namespace belfry::time
