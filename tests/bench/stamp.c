// stamp FILE ID: appends "<CLOCK_REALTIME in ns> ID\n" to FILE. Static and without libc: what remains of a firing is
// the scheduler's own work and the kernel's. The two system call numbers and the entry are x86-64's and aarch64's.
#include <fcntl.h>
#include <stdint.h>
#include <time.h>

#include "bare_call.h"

static char* decimal(char* end, uint64_t value) {
  do {
    *--end = (char)('0' + value % 10);
  } while ((value /= 10) != 0);
  return end;
}

__attribute__((used, noreturn)) static void start(const long* stack) {
  struct timespec now;
  call(SYS_clock_gettime, CLOCK_REALTIME, (long)&now, 0, 0);
  long status = 2;
  if (stack[0] == 3) {
    const char* const file = (const char*)stack[2];
    const char* const id = (const char*)stack[3];
    char line[128];
    char* const digits_end = line + 24;
    char* const text = decimal(digits_end, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
    char* end = digits_end;
    *end++ = ' ';
    for (const char* c = id; *c != 0 && end < line + sizeof line - 1; ++c) *end++ = *c;
    *end++ = '\n';
    const long fd = call(SYS_openat, AT_FDCWD, (long)file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    status = fd >= 0 && call(SYS_write, fd, (long)text, end - text, 0) == end - text ? 0 : 1;
  }
  for (;;) call(SYS_exit_group, status, 0, 0, 0);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call start\n");
#else
__asm__(".globl _start\n_start: mov x0, sp\n bl start\n");
#endif
