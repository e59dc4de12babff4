// A disk that a test holds still or lets fail: preloaded into belfryd.
//
// Every write and sync of a file whose path ends as $HELD_DISK_FILE says ("ledger.db-wal", or "ledger.db" for both)
// first takes a shared lock (flock) on the file $HELD_DISK: while the test holds that file exclusively, the disk stands
// still. What the file holds says what comes of it: empty, all is well; a number, the call fails with that errno.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_held(int fd) {
  const char* wanted = getenv("HELD_DISK_FILE");
  if (wanted == NULL) return 0;
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = '\0';
  return strstr(path, wanted) != NULL;
}

// Waits for the disk; 0, or the errno with which the call is to fail. By bare system calls: ThreadSanitizer would take
// this descriptor and the next one of that number, which another thread opens, for the same.
static int wait_for_disk(int fd) {
  const char* gate = getenv("HELD_DISK");
  if (gate == NULL || !is_held(fd)) return 0;
  const int lock = (int)syscall(SYS_openat, AT_FDCWD, gate, O_RDONLY | O_CLOEXEC);
  if (lock < 0) return 0;
  while (flock(lock, LOCK_SH) != 0 && errno == EINTR) {
  }
  char text[16] = {0};
  const long size = syscall(SYS_pread64, lock, text, sizeof text - 1, 0);
  syscall(SYS_close, lock);
  return size > 0 ? atoi(text) : 0;
}

static long checked(int fd, long number, long a, long b, long c) {
  const int failure = wait_for_disk(fd);
  if (failure == 0) return syscall(number, (long)fd, a, b, c);
  errno = failure;
  return -1;
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  return checked(fd, SYS_pwrite64, (long)data, (long)size, at);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t at) {
  return checked(fd, SYS_pwrite64, (long)data, (long)size, at);
}
int fdatasync(int fd) { return (int)checked(fd, SYS_fdatasync, 0, 0, 0); }
int fsync(int fd) { return (int)checked(fd, SYS_fsync, 0, 0, 0); }
