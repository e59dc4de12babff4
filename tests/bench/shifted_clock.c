// clock_gettime for the whole program, libuv and libev included: the true clock plus what jump_clocks() has added.
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "timer_peers.h"

static int64_t shift_ns;

void jump_clocks(int64_t ns) { shift_ns += ns; }

int clock_gettime(clockid_t clock, struct timespec* now) {
  const int result = (int)syscall(SYS_clock_gettime, clock, now);
  if (clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID) return result;
  const int64_t nsec = now->tv_nsec + shift_ns % 1000000000;
  now->tv_sec += shift_ns / 1000000000 + nsec / 1000000000;
  now->tv_nsec = nsec % 1000000000;
  return result;
}

int64_t cpu_now_ns(void) {
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}
