// Decides who is told of what happens: by the rules of the jobs, and by what the channels were told before. No clock
// and no coroutine: the time is given.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "daemon/notify/notice.hpp"
#include "daemon/notify/plan.hpp"
#include "engine/event.hpp"

namespace belfry::daemon {

/// A message for a channel.
struct Told {
  std::string channel;
  Notice notice;
};

/// One thread. Remembers a bounded amount for each job that tells something, and for each of its runs under way.
class NoticePolicy {
 public:
  explicit NoticePolicy(std::string host) : host_(std::move(host)) {}

  /// Another plan is in force: what is remembered of jobs and channels that it still has stays.
  void apply(std::shared_ptr<const NotifyPlan> plan);

  /// What is to be told of the event, which happened at `now` on a monotonic clock (nanoseconds). Allocates nothing for
  /// jobs that tell nothing.
  std::vector<Told> on(const engine::Event& event, std::int64_t now);

  /// What became of a message that on() gave. One that nobody has heard starts no cooldown, is not the first failure of
  /// a row, and calls for no recovery; messages may come to their end in any order, or never.
  void ended(const std::string& channel, const Notice& notice, bool delivered);

  /// Messages that were kept from a channel since the last call: by its cooldown, or as not the first failure.
  std::map<std::string, std::uint64_t> take_suppressed() { return std::exchange(suppressed_, {}); }

 private:
  using Likeness = std::tuple<std::string, std::string, std::string>;  // channel, job, likeness()
  struct Past {
    std::int64_t told_at = 0;
    std::uint64_t number = 0;  // of the message that was told then; 0: nobody has heard it
    std::uint64_t held_back = 0;
  };
  struct Knowledge {  // of a channel that was told of a failure
    std::uint64_t first = 0;
    std::uint64_t newest = 0;
    bool delivered = false;  // one of them was; else they are on their way
  };
  struct Streak {
    std::uint64_t failures = 0;
    std::map<std::string, Knowledge> told;  // by channel
  };

  void on_event(const engine::Resumed& resumed);
  void on_event(const engine::GaveUp& gave_up);
  void on_event(const engine::RetryPlanned& retry) { outputs_.erase(retry.run); }
  void on_event(const ledger::AttemptEnded& attempt);
  void on_event(const ledger::RunEnded& run);
  void on_event(const ledger::SlotClosed& slot);
  void on_event(const engine::SlaBreached& breach);
  void on_event(const engine::ApprovalAsked& asked);
  template <class Other>
  void on_event(const Other&) {}

  void failed(const NotifyPolicies& job, Notice notice, bool gave_up);
  void succeeded(const NotifyPolicies& job, Notice notice);
  std::uint64_t tell(const std::string& channel, Notice notice, bool always = false);
  Notice notice_of(const ledger::RunEnded& run, std::string output) const;

  std::string host_;
  std::shared_ptr<const NotifyPlan> plan_ = std::make_shared<NotifyPlan>();
  std::map<std::string, Streak, std::less<>> streaks_;  // of jobs of the plan whose last run failed
  std::map<Likeness, Past> past_;                       // of messages that have a cooldown
  std::set<ledger::RunId> gave_up_;                     // until their runs end, which is at once
  std::map<ledger::RunId, std::string> outputs_;        // of the last attempt, until its run ends or rests
  std::map<std::string, std::uint64_t> suppressed_;
  std::uint64_t number_ = 0;  // of the latest message
  std::vector<Told> told_;    // by the event that is looked at
  std::int64_t now_ = 0;
};

}  // namespace belfry::daemon
