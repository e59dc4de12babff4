#include "observe/loop_log.hpp"

#include <chrono>
#include <utility>

namespace belfry::observe {

namespace {

constexpr std::chrono::seconds kLookAtLoopEvery{1};
constexpr std::chrono::minutes kRepeatSiteEvery{1};

}  // namespace

LoopLog::LoopLog(Log& log, const async::Loop& loop) : log_(log), loop_(loop), limit_(kRepeatSiteEvery) {}

void LoopLog::subscribe(engine::EventStream& events) {
  events.subscribe([this](const engine::Event&) {
    const async::WallTime now = loop_.wall_now();
    const bool clock_was_set_back = now + 2 * kLookAtLoopEvery < next_check_;
    if (now < next_check_ && !clock_was_set_back) return;
    next_check_ = now + kLookAtLoopEvery;
    check();
  });
}

void LoopLog::check() {
  const async::LoopStats stats = loop_.stats();
  check_slow_steps(stats);
  check_leaks(stats);
}

void LoopLog::check_slow_steps(const async::LoopStats& stats) {
  if (std::exchange(slow_steps_, stats.slow_steps) == stats.slow_steps) return;
  for (const async::SlowPlace& slow : stats.slow_places) {
    const std::string site = to_string(slow.place);
    const std::string key = site + '\0' + slow.task;
    std::uint64_t& told = slow_places_[key];
    if (slow.count == told || !limit_.admit(key, loop_.wall_now())) continue;
    log_.warning("slow callback: nothing else could run meanwhile",
                 {{"place", site},
                  {"task", slow.task},
                  {"kind", slow.kind},
                  {"times", slow.count - told},
                  {"longest_seconds", std::chrono::duration<double>(slow.longest).count()}});
    told = slow.count;
  }
}

void LoopLog::check_leaks(const async::LoopStats& stats) {
  for (const async::KindStats& kind : stats.kinds) {
    std::uint64_t& told = leaked_[kind.kind];
    if (kind.leaked <= told) continue;
    told = kind.leaked;
    log_.warning("tasks leaked: they have no owner, or live longer than their kind should",
                 {{"kind", kind.kind}, {"leaked", kind.leaked}, {"live", kind.live}});
  }
}

}  // namespace belfry::observe
