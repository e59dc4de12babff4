// Fd: a file descriptor with an owner.
//
// House rule: every descriptor is opened with O_CLOEXEC (or its like), so that no job inherits one by accident.
#pragma once

#include <unistd.h>

#include <string_view>
#include <utility>

namespace belfry::io {

/// Owns one descriptor and closes it. Move-only; -1 stands for none. As thread-safe as an int.
class Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

  /// Gives the descriptor up; the caller closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

  /// Closes what is held and takes `fd`. An error of close() is ignored: Linux frees the descriptor even then.
  void reset(int fd = -1) noexcept {
    if (const int old = std::exchange(fd_, fd); old >= 0) ::close(old);
  }

 private:
  int fd_ = -1;
};

/// The two ends of a pipe, both close-on-exec.
struct Pipe {
  Fd read_end;
  Fd write_end;
};

/// Makes a pipe whose read end does not block. Throws std::system_error (EMFILE, ENFILE).
Pipe make_pipe();

/// Two pipes: the output and the error of one program.
struct StreamPipes {
  Pipe output;
  Pipe error;
};

/// An anonymous file that holds `text`, sealed (nobody can change it) and positioned at its start: a standard input
/// that never blocks its writer. `name` is a literal that /proc shows. Throws std::system_error.
Fd make_memory_file(const char* name, std::string_view text);

}  // namespace belfry::io
