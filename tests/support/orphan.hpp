// A process whose parent is somebody else, as a job is after its daemon was killed.
#pragma once

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdint>
#include <string>
#include <utility>

#include "io/fd.hpp"
#include "io/process_mark.hpp"

namespace belfry::test {

/// Runs a shell script in a process group of its own, as the child of a helper that plays init: it reaps whatever ends.
/// The script reads its standard input ("go") and prints into a pipe that is open for both directions on its side.
class Orphan {
 public:
  enum class Extra : std::uint8_t {
    none,
    third_is_output,  ///< descriptor 3 is the pipe of its output, too
    lazy_parent,      ///< its parent reaps nothing
  };

  explicit Orphan(const std::string& script, const std::string& variable = "ORPHAN=1", Extra extra = Extra::none) {
    io::Pipe input = pipe();
    io::Pipe output = pipe();
    io::Pipe number = pipe();
    lazy_ = extra == Extra::lazy_parent;
    helper_ = ::fork();
    REQUIRE(helper_ >= 0);
    if (helper_ == 0) play_init(script, variable, extra, input.read_end.get(), output.write_end.get(), number);
    REQUIRE(::read(number.read_end.get(), &mark_.pid, sizeof mark_.pid) == sizeof mark_.pid);
    mark_.start_ticks = io::start_ticks_of(mark_.pid).value_or(0);
    input_ = std::move(input.write_end);
    output_ = std::move(output.read_end);
  }
  Orphan(const Orphan&) = delete;
  Orphan& operator=(const Orphan&) = delete;
  ~Orphan() {
    if (io::start_ticks_of(mark_.pid) == mark_.start_ticks) ::kill(-mark_.pid, SIGKILL);
    if (lazy_) ::kill(helper_, SIGKILL);
    wait();
  }

  const io::ProcessMark& mark() const noexcept { return mark_; }

  /// Lets its `read go` return.
  void go_on() const { REQUIRE(::write(input_.get(), "\n", 1) == 1); }

  /// The next line that it prints.
  std::string line() const {
    std::string text;
    for (char c = 0; ::read(output_.get(), &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }

  /// Closes our end of its output, as a daemon that dies; returns the number of the pipe.
  std::uint64_t leave_output() {
    struct ::stat about{};
    REQUIRE(::fstat(output_.get(), &about) == 0);
    output_.reset();
    return about.st_ino;
  }

  /// Returns when it has ended and was reaped.
  void wait() {
    if (helper_ > 0) ::waitpid(std::exchange(helper_, 0), nullptr, 0);
  }

 private:
  static io::Pipe pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    return {io::Fd(ends[0]), io::Fd(ends[1])};
  }

  [[noreturn]] static void play_init(const std::string& script, const std::string& variable, Extra extra, int input,
                                     int output, const io::Pipe& number) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const pid_t child = ::fork();
    if (child == 0) become(script, variable, extra, input, output);
    ::setpgid(child, child);
    ::close(output);
    if (::write(number.write_end.get(), &child, sizeof child) != sizeof child) ::_exit(1);
    while (extra == Extra::lazy_parent) ::pause();
    while (::waitpid(child, nullptr, 0) != child) continue;
    ::_exit(0);  // what it left behind is for the test, or the real init
  }

  [[noreturn]] static void become(const std::string& script, const std::string& variable, Extra extra, int input,
                                  int output) {
    ::setpgid(0, 0);
    const std::string path = "/proc/self/fd/" + std::to_string(output);
    const int both = ::open(path.c_str(), O_RDWR);
    ::dup2(input, 0);
    ::dup2(both, 1);
    if (extra == Extra::third_is_output) ::dup2(both, 3);
    std::string path_variable = "PATH=/usr/bin:/bin";
    std::string marker = variable;
    std::string text = script;
    std::array<char*, 3> environment{path_variable.data(), marker.data(), nullptr};
    std::string shell = "sh";
    std::string option = "-c";
    std::array<char*, 4> argv{shell.data(), option.data(), text.data(), nullptr};
    ::execve("/bin/sh", argv.data(), environment.data());
    ::_exit(127);
  }

  pid_t helper_ = 0;
  bool lazy_ = false;
  io::ProcessMark mark_;
  io::Fd input_;
  io::Fd output_;
};

}  // namespace belfry::test
