#include "daemon/notify/notice_policy.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace belfry::daemon {
namespace {

bool names(const NotifyPolicies& job, NoticeKind kind, const std::string& channel) {
  const auto& list = job.rules[std::to_underlying(kind)];
  return std::ranges::find(list, channel) != list.end();
}

const std::vector<std::string>& channels_for(const NotifyPolicies& job, NoticeKind kind) {
  return job.rules[std::to_underlying(kind)];
}

}  // namespace

void NoticePolicy::apply(std::shared_ptr<const NotifyPlan> plan) {
  plan_ = std::move(plan);
  std::erase_if(streaks_, [this](const auto& item) { return plan_->of(item.first) == nullptr; });
  for (auto& [job, streak] : streaks_) {
    std::erase_if(streak.told, [this](const auto& item) { return !plan_->channels.contains(item.first); });
  }
  std::erase_if(past_, [this](const auto& item) {
    const auto& [channel, job, what] = item.first;
    return !plan_->channels.contains(channel) || plan_->of(job) == nullptr;
  });
}

std::vector<Told> NoticePolicy::on(const engine::Event& event, std::int64_t now) {
  now_ = now;
  std::visit([this](const auto& happened) { on_event(happened); }, event);
  return std::exchange(told_, {});
}

void NoticePolicy::on_event(const engine::Resumed& resumed) {
  for (const ledger::JobTotals& totals : resumed.past->jobs) {
    const NotifyPolicies* const job = plan_->of(totals.job);
    if (totals.consecutive_failures == 0 || job == nullptr) continue;
    Streak streak{.failures = totals.consecutive_failures, .told = {}};
    for (const NoticeKind kind : {NoticeKind::failure, NoticeKind::give_up}) {
      for (const std::string& channel : channels_for(*job, kind)) streak.told[channel].delivered = true;
    }
    streaks_.insert_or_assign(totals.job, std::move(streak));
  }
}

void NoticePolicy::ended(const std::string& channel, const Notice& notice, bool delivered) {
  const auto past = past_.find(Likeness(channel, notice.job, likeness(notice)));
  if (!delivered && past != past_.end() && past->second.number == notice.number) {
    past->second.number = 0;
    past->second.held_back += notice.repeated + 1;
  }
  const auto streak = streaks_.find(notice.job);
  if (streak == streaks_.end()) return;
  const auto known = streak->second.told.find(channel);
  if (known == streak->second.told.end()) return;
  Knowledge& knowledge = known->second;
  if (notice.number < knowledge.first || notice.number > knowledge.newest) return;  // not of this streak
  knowledge.delivered = knowledge.delivered || delivered;
  if (!knowledge.delivered && notice.number == knowledge.newest) streak->second.told.erase(known);
}

/// Its RunEnded follows, which knows more.
void NoticePolicy::on_event(const engine::GaveUp& gave_up) {
  const NotifyPolicies* const job = plan_->of(gave_up.job);
  if (job != nullptr && !channels_for(*job, NoticeKind::give_up).empty()) gave_up_.insert(gave_up.run);
}

void NoticePolicy::on_event(const ledger::AttemptEnded& attempt) {
  const NotifyPolicies* const job = plan_->of(attempt.job);
  if (job == nullptr) return;
  std::uint64_t budget = 0;
  for (const auto& list : job->rules) {
    for (const std::string& channel : list) budget = std::max(budget, plan_->channels.at(channel).send_output);
  }
  if (budget > 0) outputs_.insert_or_assign(attempt.run, end_of_output(attempt, budget));
}

void NoticePolicy::on_event(const ledger::RunEnded& run) {
  const bool gave_up = gave_up_.erase(run.run) > 0;
  std::string output;
  if (auto kept = outputs_.extract(run.run)) output = std::move(kept.mapped());
  const NotifyPolicies* const job = plan_->of(run.job);
  if (job == nullptr || run.outcome == ledger::Outcome::cancelled) return;
  Notice notice = notice_of(run, std::move(output));
  if (run.outcome == ledger::Outcome::success) return succeeded(*job, std::move(notice));
  failed(*job, std::move(notice), gave_up);
}

void NoticePolicy::on_event(const ledger::SlotClosed& slot) {
  if (slot.result != ledger::SlotResult::missed) return;
  const NotifyPolicies* const job = plan_->of(slot.job);
  if (job == nullptr) return;
  const Notice notice{.event = std::string(to_string(NoticeKind::missed)),
                      .job = slot.job,
                      .host = host_,
                      .at = slot.closed_at,
                      .scheduled_at = slot.scheduled_at,
                      .reason = std::string(ledger::to_string(slot.reason)),
                      .slots = slot.count};
  for (const std::string& channel : channels_for(*job, NoticeKind::missed)) tell(channel, notice);
}

void NoticePolicy::on_event(const engine::SlaBreached& breach) {
  const NotifyPolicies* const job = plan_->of(breach.job);
  if (job == nullptr) return;
  const Notice notice{.event = std::string(to_string(NoticeKind::late)),
                      .job = breach.job,
                      .host = host_,
                      .at = breach.since,
                      .run = breach.run,
                      .message = engine::describe(breach),
                      .reason = std::string(engine::to_string(breach.check))};
  for (const std::string& channel : channels_for(*job, NoticeKind::late)) tell(channel, notice);
}

void NoticePolicy::on_event(const engine::ApprovalAsked& asked) {
  const NotifyPolicies* const job = plan_->of(asked.job);
  if (job == nullptr) return;
  const Notice notice{.event = std::string(to_string(NoticeKind::approval)),
                      .job = asked.job,
                      .host = host_,
                      .at = asked.question.since,
                      .run = asked.run,
                      .message = asked.question.message,
                      .reason = asked.question.step};
  for (const std::string& channel : channels_for(*job, NoticeKind::approval)) {
    tell(channel, notice, true);  // each one is news
  }
}

/// A channel that is to hear of failures and of giving up hears of the latter alone.
void NoticePolicy::failed(const NotifyPolicies& job, Notice notice, bool gave_up) {
  Streak& streak = streaks_[notice.job];
  notice.failures = ++streak.failures;
  const auto tell_of = [&](const std::string& channel, NoticeKind kind) {
    if (plan_->channels.at(channel).first_failure_only && streak.told.contains(channel)) {
      ++suppressed_[channel];
      return;
    }
    notice.event = to_string(kind);
    const std::uint64_t number = tell(channel, notice);
    if (number == 0) return;
    const auto [place, first] = streak.told.try_emplace(channel);
    if (first) place->second.first = number;
    place->second.newest = number;
  };
  for (const std::string& channel : channels_for(job, NoticeKind::failure)) {
    if (!gave_up || !names(job, NoticeKind::give_up, channel)) tell_of(channel, NoticeKind::failure);
  }
  if (!gave_up) return;
  for (const std::string& channel : channels_for(job, NoticeKind::give_up)) tell_of(channel, NoticeKind::give_up);
}

/// Who was told of the failure is told that it is over, whatever the cooldown; who was not is spared both.
void NoticePolicy::succeeded(const NotifyPolicies& job, Notice notice) {
  Streak streak;
  if (auto before = streaks_.extract(notice.job)) streak = std::move(before.mapped());
  std::set<std::string> told;
  if (streak.failures > 0) {
    notice.event = to_string(NoticeKind::recovery);
    notice.failures = streak.failures;
    for (const std::string& channel : channels_for(job, NoticeKind::recovery)) {
      const bool hears_of_failures =
          names(job, NoticeKind::failure, channel) || names(job, NoticeKind::give_up, channel);
      if (hears_of_failures && !streak.told.contains(channel)) {
        ++suppressed_[channel];
        continue;
      }
      if (tell(channel, notice, hears_of_failures) != 0) told.insert(channel);
    }
  }
  notice.event = to_string(NoticeKind::success);
  notice.failures = 0;
  for (const std::string& channel : channels_for(job, NoticeKind::success)) {
    if (!told.contains(channel)) tell(channel, notice);
  }
}

/// The number of the message; 0: the channel is not told. `always`: its cooldown is not looked at.
std::uint64_t NoticePolicy::tell(const std::string& channel, Notice notice, bool always) {
  const Channel& declared = plan_->channels.at(channel);
  if (notice.output.size() > declared.send_output) {
    std::size_t begin = notice.output.size() - declared.send_output;
    while (begin < notice.output.size() && (static_cast<unsigned char>(notice.output[begin]) & 0xC0U) == 0x80U) ++begin;
    notice.output.erase(0, begin);
  }
  notice.number = ++number_;
  if (declared.cooldown > time::Duration::zero() && !always) {
    Past& past = past_[Likeness(channel, notice.job, likeness(notice))];
    if (past.number != 0 && now_ - past.told_at < declared.cooldown.count()) {
      ++past.held_back;
      ++suppressed_[channel];
      return 0;
    }
    notice.repeated = std::exchange(past.held_back, 0);
    past.told_at = now_;
    past.number = notice.number;
  }
  told_.push_back({.channel = channel, .notice = std::move(notice)});
  return number_;
}

Notice NoticePolicy::notice_of(const ledger::RunEnded& run, std::string output) const {
  return {.event = {},
          .job = run.job,
          .host = host_,
          .at = run.ended_at,
          .run = run.run,
          .outcome = std::string(ledger::to_string(run.outcome)),
          .exit_code = run.exit_code,
          .signal = run.signal,
          .message = run.message,
          .trigger = std::string(ledger::to_string(run.trigger)),
          .attempts = run.attempts,
          .scheduled_at = run.scheduled_at,
          .started_at = run.started_at,
          .ended_at = run.ended_at,
          .output = std::move(output)};
}

}  // namespace belfry::daemon
