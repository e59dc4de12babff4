#include "faults.hpp"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <utility>

namespace belfry::test {

namespace {

struct Plan {
  bool armed = false;
  int calls = 0;
  int at = 0;
  int error = 0;
  std::function<void()> reached;
};

thread_local Plan plan;

/// Pipes and event descriptors belong to the loop, not to what is tested.
bool is_of_a_file(int fd) {
  struct ::stat status{};
  return ::syscall(SYS_fstat, fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

}  // namespace

/// Whether this call is to fail; errno is set then.
bool fails() {
  if (!plan.armed || ++plan.calls != plan.at) return false;
  if (plan.error != 0) {
    errno = plan.error;
    return true;
  }
  plan.armed = false;  // what is called back may use files
  plan.reached();
  plan.armed = true;
  return false;
}

bool fails(int fd) { return plan.armed && is_of_a_file(fd) && fails(); }

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

void arm_faults(int at, int error, std::function<void()> reached) {
  plan = {.armed = true, .calls = 0, .at = at, .error = error, .reached = std::move(reached)};
}

int disarm_faults() {
  plan.armed = false;
  return plan.calls;
}

}  // namespace belfry::test

#define NEXT(name) belfry::test::next<decltype(&::name)>(#name)

extern "C" {

int openat(int folder, const char* path, int flags, ...) {
  static const auto real = NEXT(openat);
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return belfry::test::fails() ? -1 : real(folder, path, flags, mode);
}
int open(const char* path, int flags, ...) {
  static const auto real = NEXT(open);
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return belfry::test::fails() ? -1 : real(path, flags, mode);
}
int fstatat(int folder, const char* path, struct stat* status, int flags) noexcept {
  static const auto real = NEXT(fstatat);
  return belfry::test::fails() ? -1 : real(folder, path, status, flags);
}
int fstat(int fd, struct stat* status) noexcept {
  static const auto real = NEXT(fstat);
  return belfry::test::fails(fd) ? -1 : real(fd, status);
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  static const auto real = NEXT(renameat);
  return belfry::test::fails() ? -1 : real(from_folder, from, to_folder, to);
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
  static const auto real = NEXT(renameat2);
  return belfry::test::fails() ? -1 : real(from_folder, from, to_folder, to, flags);
}
int unlinkat(int folder, const char* path, int flags) noexcept {
  static const auto real = NEXT(unlinkat);
  return belfry::test::fails() ? -1 : real(folder, path, flags);
}
int mkdirat(int folder, const char* path, mode_t mode) noexcept {
  static const auto real = NEXT(mkdirat);
  return belfry::test::fails() ? -1 : real(folder, path, mode);
}
int symlinkat(const char* target, int folder, const char* path) noexcept {
  static const auto real = NEXT(symlinkat);
  return belfry::test::fails() ? -1 : real(target, folder, path);
}
ssize_t readlinkat(int folder, const char* path, char* buffer, size_t size) noexcept {
  static const auto real = NEXT(readlinkat);
  return belfry::test::fails() ? -1 : real(folder, path, buffer, size);
}
int fchmod(int fd, mode_t mode) noexcept {
  static const auto real = NEXT(fchmod);
  return belfry::test::fails(fd) ? -1 : real(fd, mode);
}
int fchown(int fd, uid_t owner, gid_t group) noexcept {
  static const auto real = NEXT(fchown);
  return belfry::test::fails(fd) ? -1 : real(fd, owner, group);
}
int futimens(int fd, const struct timespec times[2]) noexcept {
  static const auto real = NEXT(futimens);
  return belfry::test::fails(fd) ? -1 : real(fd, times);
}
int fsync(int fd) {
  static const auto real = NEXT(fsync);
  return belfry::test::fails(fd) ? -1 : real(fd);
}
int ftruncate(int fd, off_t size) noexcept {
  static const auto real = NEXT(ftruncate);
  return belfry::test::fails(fd) ? -1 : real(fd, size);
}
off_t lseek(int fd, off_t offset, int whence) noexcept {
  static const auto real = NEXT(lseek);
  return belfry::test::fails(fd) ? -1 : real(fd, offset, whence);
}
ssize_t copy_file_range(int in, off_t* in_at, int out, off_t* out_at, size_t length, unsigned flags) {
  static const auto real = NEXT(copy_file_range);
  return belfry::test::fails(in) ? -1 : real(in, in_at, out, out_at, length, flags);
}
ssize_t pread(int fd, void* bytes, size_t size, off_t offset) {
  static const auto real = NEXT(pread);
  return belfry::test::fails(fd) ? -1 : real(fd, bytes, size, offset);
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  static const auto real = NEXT(pwrite);
  return belfry::test::fails(fd) ? -1 : real(fd, bytes, size, offset);
}
ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto real = NEXT(write);
  return belfry::test::fails(fd) ? -1 : real(fd, bytes, size);
}
ssize_t read(int fd, void* bytes, size_t size) {
  static const auto real = NEXT(read);
  return belfry::test::fails(fd) ? -1 : real(fd, bytes, size);
}
DIR* fdopendir(int fd) {
  static const auto real = NEXT(fdopendir);
  return belfry::test::fails() ? nullptr : real(fd);
}
struct dirent* readdir(DIR* folder) {
  static const auto real = NEXT(readdir);
  return belfry::test::fails() ? nullptr : real(folder);
}
}
