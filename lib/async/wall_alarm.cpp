// See wall_alarm.hpp.

#include "async/wall_alarm.hpp"

#include "async/loop.hpp"
#include "async/waiter.hpp"
#include "async/wall_timers.hpp"

namespace belfry::async {
namespace {

class WallWait final : public Waiter, private detail::LoopTimer {
 public:
  WallWait(WallTime instant, bool changed) noexcept : Waiter("wall clock"), instant_(instant), changed_(changed) {}
  void await_resume() const { finish(); }

 private:
  bool start() override {
    if (changed_ || instant_ <= loop().wall_now()) return false;
    loop().wall_timers().heap().push(*this, instant_.time_since_epoch().count());
    return true;
  }
  bool abandon() noexcept override {
    LoopTimer::cancel();
    return true;
  }
  void fire() noexcept override { complete(); }

  WallTime instant_;
  bool changed_;
};

}  // namespace

WallAlarm::WallAlarm() : loop_(Loop::current()), changes_seen_(loop_.wall_timers().clock_changes()) {
  loop_.wall_timers().watch();
}

WallAlarm::~WallAlarm() { loop_.wall_timers().unwatch(); }

Task<WallWake> WallAlarm::wait_until(WallTime instant) {
  const detail::WallTimers& timers = loop_.wall_timers();
  co_await WallWait(instant, changes_seen_ != timers.clock_changes());
  if (changes_seen_ == timers.clock_changes()) co_return WallWake::due;
  changes_seen_ = timers.clock_changes();
  co_return WallWake::clock_changed;
}

}  // namespace belfry::async
