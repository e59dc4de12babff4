#include "engine/breaker.hpp"

#include <algorithm>

#include "time/instant.hpp"

namespace belfry::engine {
namespace {

constexpr std::size_t most_ends = 10'000;

}  // namespace

bool Breaker::permits(WallTime now) noexcept {
  note_clock(now);
  if (state_ == State::open && now >= open_until_) enter_half_open();
  return state_ == State::closed || (state_ == State::half_open && !probe_);
}

bool Breaker::run_started(ledger::RunId run, WallTime now) noexcept {
  note_clock(now);
  const bool opened = state_ == State::open;
  if (opened) enter_half_open();
  if (state_ == State::half_open && !probe_) probe_ = run;
  return opened;
}

bool Breaker::run_ended(ledger::RunId run, ledger::Outcome outcome, WallTime now) {
  note_clock(now);
  const bool counts = outcome != ledger::Outcome::cancelled && outcome != ledger::Outcome::lost;
  const bool failed = outcome != ledger::Outcome::success;
  if (state_ == State::closed) {
    if (!counts) return false;
    remember(failed, now);
    if (!failed || !too_many_failed()) return false;
    enter_open(now + policy_.cooldown);
    return true;
  }
  if (state_ == State::open || probe_ != run) return false;
  probe_.reset();
  if (!counts) return false;
  if (failed) {
    enter_open(now + policy_.cooldown);
  } else {
    enter_closed();
  }
  return true;
}

void Breaker::restore_open(WallTime until, WallTime now) noexcept {
  note_clock(now);
  enter_open(std::min(until, now + policy_.cooldown));
}

void Breaker::reset() noexcept { enter_closed(); }

std::optional<WallTime> Breaker::open_until() const noexcept {
  if (state_ != State::open) return std::nullopt;
  return open_until_;
}

std::string Breaker::dump() const {
  switch (state_) {
    case State::open:
      return "open until " + time::format_utc(open_until_);
    case State::half_open:
      return probe_ ? "half open, run " + std::to_string(*probe_) + " is the probe"
                    : "half open, the next run is the probe";
    case State::closed:
      break;
  }
  if (!policy_.ratio) return "closed, " + std::to_string(failed_) + " failed in a row";
  return "closed, " + std::to_string(failed_) + " of the last " + std::to_string(ends_.size()) + " runs failed";
}

void Breaker::note_clock(WallTime now) noexcept {
  if (now < seen_) {
    const Duration step = now - seen_;
    open_until_ += step;
    for (End& end : ends_) end.at += step;
  }
  seen_ = now;
}

void Breaker::remember(bool failed, WallTime now) {
  if (!policy_.ratio && !failed) {
    ends_.clear();
    failed_ = 0;
    return;
  }
  ends_.push_back({.at = now, .failed = failed});
  failed_ += failed ? 1 : 0;
  const std::size_t most = policy_.ratio ? most_ends : static_cast<std::size_t>(policy_.failures);
  while (ends_.size() > most || now - ends_.front().at > policy_.window) {
    failed_ -= ends_.front().failed ? 1 : 0;
    ends_.pop_front();
  }
}

bool Breaker::too_many_failed() const noexcept {
  if (ends_.size() < static_cast<std::size_t>(policy_.failures)) return false;
  return !policy_.ratio || static_cast<double>(failed_) >= *policy_.ratio * static_cast<double>(ends_.size());
}

void Breaker::enter_open(WallTime until) noexcept {
  state_ = State::open;
  open_until_ = until;
  probe_.reset();
}

void Breaker::enter_half_open() noexcept {
  state_ = State::half_open;
  probe_.reset();
}

void Breaker::enter_closed() noexcept {
  state_ = State::closed;
  probe_.reset();
  ends_.clear();
  failed_ = 0;
}

std::string_view to_string(Breaker::State state) noexcept {
  switch (state) {
    case Breaker::State::closed:
      return "closed";
    case Breaker::State::open:
      return "open";
    case Breaker::State::half_open:
      return "half_open";
  }
  return "closed";
}

}  // namespace belfry::engine
