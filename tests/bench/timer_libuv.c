// Peer: one uv_timer_t for each timer, on libuv's own pointer heap.
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "timer_peers.h"

static size_t fired;
static void on_timer(uv_timer_t* timer) { fired += timer->timeout != 0; }
static void on_walk(uv_handle_t* handle, void* argument) {
  (void)argument;
  uv_close(handle, NULL);
}

void libuv_timer_life(const struct timer_plan* plan, struct timer_figures* figures) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  uv_timer_t* timers = malloc(plan->count * sizeof *timers);
  memset(timers, 1, plan->count * sizeof *timers);
  const int64_t start = cpu_now_ns();
  for (size_t i = 0; i < plan->count; ++i) {
    uv_timer_init(&loop, &timers[i]);
    uv_timer_start(&timers[i], on_timer, (uint64_t)(plan->delays_ns[i] / 1000000), 0);
  }
  const int64_t scheduled = cpu_now_ns();
  for (size_t i = 0; i < plan->count / 2; ++i) uv_timer_stop(&timers[plan->order[i]]);
  const int64_t cancelled = cpu_now_ns();
  jump_clocks(INT64_C(7200000000000));
  fired = 0;
  uv_run(&loop, UV_RUN_NOWAIT);
  uv_run(&loop, UV_RUN_NOWAIT);
  figures->fire_ns += cpu_now_ns() - cancelled;
  figures->schedule_ns += scheduled - start;
  figures->cancel_ns += cancelled - scheduled;
  figures->fired += fired;
  uv_walk(&loop, on_walk, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  free(timers);
}
