// Clocks that a test steers: preloaded into belfryd, its client and its jobs.
//
// The file $STEERED_CLOCK holds three numbers of nanoseconds (int64, native order): what is added to CLOCK_REALTIME, to
// CLOCK_BOOTTIME and to CLOCK_MONOTONIC. The test writes them, then connects to the socket "$STEERED_CLOCK.sock" and
// sends 'p' (so much time has passed, on all three: what became due fires) or 's' (the wall clock was set, or the machine
// resumed, which leaves the monotonic clock alone: as the kernel does, timers with TFD_TIMER_CANCEL_ON_SET are
// cancelled). One byte comes back when it is done.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { second = 1000000000, most_timers = 64 };

struct shifts {
  int64_t wall_ns;
  int64_t boot_ns;
  int64_t mono_ns;
};

struct timer { // a timerfd
  int fd;
  int clock;
  int armed;   // whether `wanted` is what it was armed with
  int flags;
  unsigned long sets_seen;
  struct itimerspec wanted;
};

static const volatile struct shifts* shifts;
static struct timer timers[most_timers];
static int timer_count;
static unsigned long sets; // how often the clock was set
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; // guards the three above
static int door = -1;

__attribute__((constructor)) static void map_shifts(void) {
  static const struct shifts none;
  shifts = &none;
  const char* path = getenv("STEERED_CLOCK");
  if (path == NULL) return;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  void* mapped = mmap(NULL, sizeof *shifts, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped != MAP_FAILED) shifts = mapped;
}

static struct timespec moved(struct timespec at, int64_t by) {
  at.tv_sec += by / second;
  at.tv_nsec += by % second;
  if (at.tv_nsec < 0) at.tv_nsec += second, --at.tv_sec;
  if (at.tv_nsec >= second) at.tv_nsec -= second, ++at.tv_sec;
  return at;
}

static int64_t shift_of(clockid_t clock) {
  if (shifts == NULL) return 0; // before the constructor, for the dynamic loader's callers
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
      return shifts->wall_ns;
    case CLOCK_BOOTTIME:
      return shifts->boot_ns;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
      return shifts->mono_ns;
    default:
      return 0;
  }
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  const int result = (int)syscall(SYS_clock_gettime, clock, now);
  if (result == 0) *now = moved(*now, shift_of(clock));
  return result;
}

// The kernel's clocks are not steered, so a deadline is translated: steady_clock's waits, as of std::condition_variable.
int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* lock, clockid_t clock, const struct timespec* until) {
  static int (*wait)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*);
  if (wait == NULL) wait = (__typeof__(wait))dlsym(RTLD_NEXT, "pthread_cond_clockwait");
  const struct timespec real = moved(*until, -shift_of(clock));
  return wait(condition, lock, clock, &real);
}

int gettimeofday(struct timeval* now, void* zone) {
  (void)zone;
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* into) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  if (into != NULL) *into = precise.tv_sec;
  return precise.tv_sec;
}

static struct timer* find(int fd) {
  for (int i = 0; i < timer_count; ++i) {
    if (timers[i].fd == fd) return &timers[i];
  }
  return NULL;
}

// Arms the kernel's timer for the true time at which the steered clock shows what is wanted; at once: for now.
static int arm(const struct timer* timer, int at_once, struct itimerspec* old) {
  struct itimerspec spec = timer->wanted;
  if (spec.it_value.tv_sec != 0 || spec.it_value.tv_nsec != 0) {
    if (timer->flags & TFD_TIMER_ABSTIME) spec.it_value = moved(spec.it_value, -shift_of(timer->clock));
    if (at_once || spec.it_value.tv_sec < 0) spec.it_value = (struct timespec){.tv_nsec = 1};
  }
  const int flags = timer->flags & ~TFD_TIMER_CANCEL_ON_SET;
  return (int)syscall(SYS_timerfd_settime, timer->fd, at_once ? TFD_TIMER_ABSTIME : flags, &spec, old);
}

static void serve_one(int peer) {
  char word = 0;
  if (read(peer, &word, 1) == 1) {
    pthread_mutex_lock(&mutex);
    sets += word == 's';
    for (int i = 0; i < timer_count; ++i) {
      const struct timer* timer = &timers[i];
      if (timer->armed) arm(timer, (timer->flags & TFD_TIMER_CANCEL_ON_SET) && timer->sets_seen != sets, NULL);
    }
    pthread_mutex_unlock(&mutex);
    if (write(peer, "k", 1) != 1) _exit(99); // the test has gone, or is broken: be seen
  }
  close(peer);
}

static void* serve(void* nothing) {
  for (;;) {
    const int peer = accept4(door, NULL, NULL, SOCK_CLOEXEC);
    if (peer >= 0) serve_one(peer);
  }
  return nothing;
}

// In the process that has a timer on the wall clock, which is belfryd alone.
static void open_door(void) {
  const char* path = getenv("STEERED_CLOCK");
  if (path == NULL || door >= 0) return;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s.sock", path);
  unlink(address.sun_path);
  door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (door < 0 || bind(door, (struct sockaddr*)&address, sizeof address) != 0 || listen(door, 8) != 0) _exit(99);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); // the daemon's signals are none of this thread's business
  pthread_t thread;
  if (pthread_create(&thread, NULL, serve, NULL) != 0) _exit(99);
  pthread_setname_np(thread, "test-clock");
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int timerfd_create(int clock, int flags) {
  const int fd = (int)syscall(SYS_timerfd_create, clock, flags);
  if (fd < 0) return fd;
  pthread_mutex_lock(&mutex);
  struct timer* timer = find(fd); // a number that is used again: the one before was closed
  if (timer == NULL && timer_count < most_timers) timer = &timers[timer_count++];
  if (timer != NULL) *timer = (struct timer){.fd = fd, .clock = clock, .sets_seen = sets};
  pthread_mutex_unlock(&mutex);
  if (clock == CLOCK_REALTIME) open_door();
  return fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec* wanted, struct itimerspec* old) {
  pthread_mutex_lock(&mutex);
  struct timer* timer = find(fd);
  int result = 0;
  if (timer == NULL) {
    result = (int)syscall(SYS_timerfd_settime, fd, flags, wanted, old);
  } else {
    timer->wanted = *wanted;
    timer->flags = flags;
    timer->armed = 1;
    result = arm(timer, 0, old);
    if ((flags & TFD_TIMER_CANCEL_ON_SET) && timer->sets_seen != sets) { // as the kernel: armed, and told
      errno = ECANCELED;
      result = -1;
    }
    timer->sets_seen = sets;
  }
  pthread_mutex_unlock(&mutex);
  return result;
}

int close(int fd) {
  if (timer_count == 0) return (int)syscall(SYS_close, fd);
  pthread_mutex_lock(&mutex);
  struct timer* timer = find(fd);
  if (timer != NULL) *timer = timers[--timer_count];
  pthread_mutex_unlock(&mutex);
  return (int)syscall(SYS_close, fd);
}

ssize_t read(int fd, void* buffer, size_t size) {
  const ssize_t got = syscall(SYS_read, fd, buffer, size);
  if (timer_count == 0 || got != 8) return got; // an expiry of a timerfd has eight bytes
  const int error = errno;
  int cancelled = 0;
  pthread_mutex_lock(&mutex);
  struct timer* timer = find(fd);
  if (timer != NULL && (timer->flags & TFD_TIMER_CANCEL_ON_SET) && timer->sets_seen != sets) {
    timer->sets_seen = sets;
    cancelled = 1;
  }
  pthread_mutex_unlock(&mutex);
  errno = cancelled ? ECANCELED : error;
  return cancelled ? -1 : got;
}
