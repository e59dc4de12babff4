// Peer: one ev_timer for each timer, on libev's 4-heap with the key cached beside the pointer.
#include <ev.h>
#include <stdlib.h>
#include <string.h>

#include "timer_peers.h"

static size_t fired;
static void on_timer(struct ev_loop* loop, ev_timer* timer, int events) {
  (void)loop;
  (void)timer;
  fired += events != 0;
}

void libev_timer_life(const struct timer_plan* plan, struct timer_figures* figures) {
  struct ev_loop* loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
  ev_timer* timers = malloc(plan->count * sizeof *timers);
  memset(timers, 1, plan->count * sizeof *timers);
  const int64_t start = cpu_now_ns();
  for (size_t i = 0; i < plan->count; ++i) {
    ev_timer_init(&timers[i], on_timer, (double)plan->delays_ns[i] * 1e-9, 0.);
    ev_timer_start(loop, &timers[i]);
  }
  const int64_t scheduled = cpu_now_ns();
  for (size_t i = 0; i < plan->count / 2; ++i) ev_timer_stop(loop, &timers[plan->order[i]]);
  const int64_t cancelled = cpu_now_ns();
  jump_clocks(INT64_C(7200000000000));
  fired = 0;
  ev_run(loop, EVRUN_NOWAIT);
  figures->fire_ns += cpu_now_ns() - cancelled;
  figures->schedule_ns += scheduled - start;
  figures->cancel_ns += cancelled - scheduled;
  figures->fired += fired;
  ev_loop_destroy(loop);
  free(timers);
}
