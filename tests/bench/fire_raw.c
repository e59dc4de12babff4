// fire_raw JOBS STAMP FILE: the floor. At every whole second a timerfd wakes it, it vforks JOBS times `STAMP FILE id`
// and reaps what has ended. No schedule, no ledger, no output, no history: less cannot be done. Ends by SIGTERM.
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char** ids(long jobs) {
  char** names = calloc((size_t)jobs, sizeof *names);
  for (long i = 0; i < jobs; ++i) {
    names[i] = malloc(16);
    snprintf(names[i], 16, "%ld", i);
  }
  return names;
}

static void fire(char* stamp, char* file, char* id) {
  char* const argv[] = {stamp, file, id, NULL};
  const pid_t child = vfork();
  if (child == 0) {
    execve(stamp, argv, environ);
    _exit(127);
  }
}

int main(int argc, char** argv) {
  if (argc != 4) return fprintf(stderr, "usage: fire_raw JOBS STAMP FILE\n"), 2;
  const long jobs = atol(argv[1]);
  char** const names = ids(jobs);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  const int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
  const int timer_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  const struct itimerspec every = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = now.tv_sec + 1}};
  timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &every, NULL);
  struct pollfd ready[] = {{.fd = timer_fd, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
  for (;;) {
    if (poll(ready, 2, -1) < 0) return perror("poll"), 1;
    uint64_t expired = 0;
    if (ready[0].revents && read(timer_fd, &expired, sizeof expired) == sizeof expired) {
      for (long i = 0; i < jobs * (long)expired; ++i) fire(argv[2], argv[3], names[i % jobs]);
    }
    struct signalfd_siginfo signal;
    if (ready[1].revents && read(signal_fd, &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo == SIGTERM) return 0;
      while (waitpid(-1, NULL, WNOHANG) > 0) continue;
    }
  }
}
