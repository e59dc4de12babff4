// A job that tells the truth: its first act is a line in the file $CRASH_TRUTH, which nobody but the jobs writes.
//
//   truthful_job MILLISECONDS [fail=N] [print=BYTES] [alone=NAME]
//
// It lasts so long, fails in the first N attempts, prints so much, and, when it is to be alone, tells when it finds another
// one of that name going on. Lines, each written whole by O_APPEND:
//
//   start JOB RUN ATTEMPT TRIGGER SLOT PID     SLOT: as BELFRY_SCHEDULED_AT, or -
//   overlap JOB RUN
//   end JOB RUN ATTEMPT
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static const char* variable(const char* name) {
  const char* value = getenv(name);
  return value != NULL ? value : "-";
}

__attribute__((format(printf, 1, 2))) static void tell(const char* format, ...) {
  char line[512];
  va_list values;
  va_start(values, format);
  const int size = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  const int file = open(variable("CRASH_TRUTH"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || write(file, line, (size_t)size) != size) _exit(98);
  close(file);
}

static int print(long bytes) {
  char block[4096];
  memset(block, 'x', sizeof block);
  while (bytes > 0) {
    const ssize_t done = write(STDOUT_FILENO, block, bytes < (long)sizeof block ? (size_t)bytes : sizeof block);
    if (done < 0) return errno;
    bytes -= done;
  }
  return 0;
}

int main(int argc, char** argv) {
  const char* job = variable("BELFRY_JOB");
  const char* run = variable("BELFRY_RUN_ID");
  const char* attempt = variable("BELFRY_ATTEMPT");
  tell("start %s %s %s %s %s %d\n", job, run, attempt, variable("BELFRY_TRIGGER"), variable("BELFRY_SCHEDULED_AT"), getpid());

  const long lasts = argc > 1 ? atol(argv[1]) : 0;
  long fail = 0, bytes = 0;
  for (int i = 2; i < argc; ++i) {
    if (strncmp(argv[i], "fail=", 5) == 0) fail = atol(argv[i] + 5);
    if (strncmp(argv[i], "print=", 6) == 0) bytes = atol(argv[i] + 6);
    if (strncmp(argv[i], "alone=", 6) == 0) {
      char path[512];
      snprintf(path, sizeof path, "%s.lock.%s", variable("CRASH_TRUTH"), argv[i] + 6);
      const int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
      if (flock(lock, LOCK_EX | LOCK_NB) != 0) tell("overlap %s %s\n", job, run);  // held to the end of the process
    }
  }
  if (print(bytes) != 0) return 97;
  const struct timespec span = {.tv_sec = lasts / 1000, .tv_nsec = lasts % 1000 * 1000000};
  nanosleep(&span, NULL);
  tell("end %s %s %s\n", job, run, attempt);
  return atol(attempt) <= fail ? 1 : 0;
}
