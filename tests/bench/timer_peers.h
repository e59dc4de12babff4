// The same life of N timers, told to each implementation in turn: schedule all, cancel the first half of `order`,
// let the clock jump past the last one, fire the rest with a callback through a pointer.
// In C, as two of the peers are. Not thread-safe: one figure is one process.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct timer_plan {
  size_t count;
  const int64_t* delays_ns;  // of each timer, whole milliseconds
  const uint32_t* order;     // a random permutation; its first half is cancelled
};

struct timer_figures {  // CPU time of each phase, nanoseconds in all
  int64_t schedule_ns;
  int64_t cancel_ns;
  int64_t fire_ns;
  size_t fired;  // callbacks that ran: count - count / 2, or the peer has lost some
};

typedef void timer_peer(const struct timer_plan* plan, struct timer_figures* figures);

timer_peer belfry_timer_life;
timer_peer libuv_timer_life;
timer_peer libev_timer_life;     // only with libev-dev
timer_peer textbook_timer_life;  // cancels only a sample, counted as if it had cancelled half

// CPU time of this process, the true one.
int64_t cpu_now_ns(void);

// The monotonic and the real clock as the peers see them: true time plus all jumps.
void jump_clocks(int64_t ns);

#ifdef __cplusplus
}
#endif
