#include "io/fd.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace belfry::io {

namespace {

[[noreturn]] void fail(const char* operation) { throw std::system_error(errno, std::generic_category(), operation); }

Pipe make_pipe_with(int flags) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), flags) != 0) fail("pipe2");
  return {Fd(ends[0]), Fd(ends[1])};
}

void set_flags(const Fd& fd, int flags) {
  if (::fcntl(fd.get(), F_SETFL, flags) != 0) fail("fcntl(F_SETFL)");
}

// /proc/self/fd, opened once: the way to it costs as much as what is done there. Not that of the process that we forked
// from, whose numbers mean other things.
const Fd& own_descriptors() {
  thread_local pid_t owner = 0;
  thread_local Fd folder;
  if (const pid_t here = ::getpid(); owner != here) {
    folder.reset(::open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC));
    owner = here;
  }
  return folder;
}

}  // namespace

Pipe make_pipe() {
  Pipe pipe = make_pipe_with(O_CLOEXEC);
  set_flags(pipe.read_end, O_NONBLOCK);
  return pipe;
}

Pipe make_lasting_pipe() {
  // In the parent, whose own entries of /proc are at hand: a new process would need 30 us to have them made.
  Pipe pipe = make_pipe_with(O_CLOEXEC | O_NONBLOCK);
  const std::string name = std::to_string(pipe.write_end.get());
  if (Fd both(::openat(own_descriptors().get(), name.c_str(), O_RDWR | O_CLOEXEC)); both) {
    pipe.write_end = std::move(both);  // it has flags of its own: it blocks
  } else {
    set_flags(pipe.write_end, 0);
  }
  return pipe;
}

Fd make_memory_file(const char* name, std::string_view text) {
  Fd file(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) fail("memfd_create");
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno != EINTR) fail("write to a memory file");
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) fail("lseek");
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    fail("fcntl(F_ADD_SEALS)");
  }
  return file;
}

}  // namespace belfry::io
