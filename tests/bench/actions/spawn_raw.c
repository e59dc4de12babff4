// spawn_raw RUNS AT_A_TIME PROGRAM: the floor. So many vforks of PROGRAM, AT_A_TIME side by side, what each prints read
// from two pipes, its end seen by a pidfd; one epoll over all of them. No schedule, no ledger, no limits, no sweep.
// Prints how many seconds it took.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct run {
  int pid;
  int fds[3];  // output, error, pidfd; -1: it has ended
  int open;
};

static int epoll;
static char* program;
static int null_fd;
static long long printed;

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static void watch(int fd, uint64_t slot, uint64_t which) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = slot * 4 + which};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

static void start(struct run* run, uint64_t slot) {
  int pipes[2][2];
  for (int i = 0; i < 2; ++i) {
    if (pipe2(pipes[i], O_CLOEXEC) != 0) fail("pipe2");
    fcntl(pipes[i][0], F_SETFL, O_NONBLOCK);
  }
  char* const argv[] = {program, NULL};
  const int child = vfork();
  if (child < 0) fail("vfork");
  if (child == 0) {
    dup2(null_fd, 0);
    dup2(pipes[0][1], 1);
    dup2(pipes[1][1], 2);
    execve(program, argv, environ);
    _exit(127);
  }
  run->pid = child;
  run->open = 3;
  for (int i = 0; i < 2; ++i) {
    close(pipes[i][1]);
    run->fds[i] = pipes[i][0];
  }
  run->fds[2] = (int)syscall(SYS_pidfd_open, child, 0);
  if (run->fds[2] < 0) fail("pidfd_open");
  for (uint64_t i = 0; i < 3; ++i) watch(run->fds[i], slot, i);
}

/// Whether that was the last that its run waited for.
static int handle(struct run* run, int which) {
  if (which < 2) {
    static char buffer[65536];
    const ssize_t got = read(run->fds[which], buffer, sizeof buffer);
    if (got > 0) printed += got;
    if (got > 0 || (got < 0 && errno == EAGAIN)) return 0;
  } else {
    int status = 0;
    if (waitpid(run->pid, &status, 0) != run->pid || status != 0) {
      fprintf(stderr, "spawn_raw: %s ended with status %d\n", program, status);
      exit(1);
    }
  }
  // A child that is in its execve may hold a copy still: closing alone would leave it in the epoll.
  if (epoll_ctl(epoll, EPOLL_CTL_DEL, run->fds[which], NULL) != 0) fail("epoll_ctl");
  close(run->fds[which]);
  return --run->open == 0;
}

int main(int argc, char** argv) {
  if (argc != 4) return fprintf(stderr, "usage: spawn_raw RUNS AT_A_TIME PROGRAM\n"), 2;
  const long runs = atol(argv[1]);
  const long at_a_time = atol(argv[2]);
  program = argv[3];
  null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  struct run* const all = calloc((size_t)at_a_time, sizeof *all);
  struct timespec began, ended;
  clock_gettime(CLOCK_MONOTONIC, &began);
  long started = 0;
  long done = 0;
  for (; started < at_a_time && started < runs; ++started) start(&all[started], (uint64_t)started);
  while (done < runs) {
    struct epoll_event events[256];
    const int count = epoll_wait(epoll, events, 256, -1);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < count; ++i) {
      const uint64_t slot = events[i].data.u64 / 4;
      if (!handle(&all[slot], (int)(events[i].data.u64 % 4))) continue;
      ++done;
      if (started < runs) start(&all[slot], slot), ++started;
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &ended);
  if (printed != 3LL * runs) return fprintf(stderr, "spawn_raw: %lld bytes came of %ld runs\n", printed, runs), 1;
  printf("%.6f\n", (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9);
  return 0;
}
