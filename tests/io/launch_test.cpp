#include "io/launch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "io/launch_child.hpp"

using namespace belfry::io;

namespace {

struct Ended {
  std::string output;
  int status = 0;
};

// Reads all that comes out of the pipe's other end, which must be closed here.
std::string read_all(Pipe& pipe) {
  pipe.write_end.reset();
  std::string all;
  char buffer[4096];
  while (true) {
    pollfd wait{pipe.read_end.get(), POLLIN, 0};
    ::poll(&wait, 1, -1);
    const ssize_t got = ::read(pipe.read_end.get(), buffer, sizeof buffer);
    if (got == 0) return all;
    if (got > 0) all.append(buffer, static_cast<std::size_t>(got));
  }
}

Ended run(const LaunchSpec& spec, LaunchContext context = {}) {
  Pipe out = make_pipe();
  context.standard_output = out.write_end.get();
  const auto launched = launch(spec, context);
  if (!launched) FAIL(launched.error().message);
  Ended ended;
  ended.output = read_all(out);
  REQUIRE(::waitpid(launched->pid, &ended.status, 0) == launched->pid);
  CHECK_FALSE(launched->failure());
  return ended;
}

// Launches what cannot start, waits for the end of the process that tried, and says why it failed.
LaunchError failure_of(const LaunchSpec& spec) {
  const auto launched = launch(spec);
  if (!launched) FAIL(launched.error().message);
  int status = 0;
  REQUIRE(::waitpid(launched->pid, &status, 0) == launched->pid);
  CHECK(WEXITSTATUS(status) == 127);
  const auto failure = launched->failure();
  REQUIRE(failure);
  return *failure;
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// Until it has its program, a child shows that of its parent.
std::string first_argument_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
  std::string argument;
  std::getline(file, argument, '\0');
  return argument;
}

LaunchSpec shell_spec(std::string script) {
  LaunchSpec spec;
  spec.argv = {"/bin/sh", "-c", std::move(script)};
  spec.environment = {"PATH=/usr/bin:/bin"};
  return spec;
}

}  // namespace

TEST_CASE("a launched program has its arguments, environment and working directory", "[launch]") {
  auto spec = shell_spec("echo \"$0|$1|$GREETING|$PWD|$(pwd)\"");
  spec.argv.insert(spec.argv.end(), {"zero", "a b"});
  spec.environment.push_back("GREETING=hello");
  spec.working_dir = "/usr";
  CHECK(run(spec).output == "zero|a b|hello|/usr|/usr\n");
}

TEST_CASE("a name without a slash is searched in the PATH of the environment given", "[launch]") {
  LaunchSpec spec;
  spec.argv = {"echo", "found"};
  spec.environment = {"PATH=/nowhere:/etc/passwd:/bin"};
  CHECK(run(spec).output == "found\n");
  spec.environment = {"PATH=/nowhere"};
  const LaunchError failure = failure_of(spec);
  CHECK(failure.step == LaunchStep::command);
  CHECK(failure.error == ENOENT);
  CHECK(failure.message == "cannot start echo: No such file or directory (the command is not in PATH)");
}

TEST_CASE("a failed start says which step failed and why", "[launch]") {
  LaunchSpec spec;
  spec.argv = {"/no/such"};
  CHECK(failure_of(spec).message == "cannot start /no/such: No such file or directory (the command)");
  spec.argv = {"/bin/true"};
  spec.working_dir = "/no/folder";
  CHECK(failure_of(spec).step == LaunchStep::working_dir);
  CHECK(failure_of(spec).message ==
        "cannot start /bin/true: No such file or directory (the working directory /no/folder)");
  spec.working_dir.clear();
  spec.argv = {"/etc"};
  CHECK(failure_of(spec).message == "cannot start /etc: Permission denied (the command)");
  spec.argv = {""};
  CHECK(failure_of(spec).step == LaunchStep::command);
  spec.argv = {};
  CHECK(failure_of(spec).error == ENOENT);
}

TEST_CASE("a job inherits no descriptor but its three streams", "[launch]") {
  const int leaky = ::open("/etc/passwd", O_RDONLY);  // without O_CLOEXEC, as a careless library would
  LaunchSpec spec;
  spec.argv = {"/bin/ls", "/proc/self/fd"};
  CHECK(run(spec).output == "0\n1\n2\n3\n");  // 3 is ls reading the folder
  ::close(leaky);
}

TEST_CASE("a job starts with default signals, none blocked, in a group of its own, without a terminal", "[launch]") {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGUSR1, SIG_IGN);
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto ended = run(shell_spec(
      "grep -E '^Sig(Blk|Ign)' /proc/self/status; cut -d' ' -f5 /proc/$$/stat; cut -d' ' -f7 /proc/$$/stat; echo $$"));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGUSR1, SIG_DFL);
  int group = 0;
  int terminal = -1;
  int shell_pid = 1;
  unsigned long ignored = 0;
  REQUIRE(std::sscanf(ended.output.c_str(), "SigBlk:\t0000000000000000\nSigIgn:\t%lx\n%d\n%d\n%d", &ignored, &group,
                      &terminal, &shell_pid) == 4);
  CHECK((ignored & 0x7FFF'FFFF) == 0);  // the real-time signals are left alone: glibc ignores 32 and 33 below make
  CHECK(group == shell_pid);
  CHECK(terminal == 0);
}

TEST_CASE("sources below 4 are handed over unharmed, even crossed", "[launch]") {
  // Close our own stdin, so that the pipe's ends land on low numbers, as in a daemon started without streams.
  const int saved = ::fcntl(0, F_DUPFD_CLOEXEC, 10);
  ::close(0);
  Pipe out = make_pipe();
  REQUIRE(out.read_end.get() == 0);
  const auto launched =
      launch(shell_spec("echo text"), {.standard_output = out.write_end.get(), .standard_error = out.write_end.get()});
  REQUIRE(launched);
  CHECK(read_all(out) == "text\n");
  ::waitpid(launched->pid, nullptr, 0);
  out.read_end.reset();
  ::dup2(saved, 0);
  ::close(saved);
}

TEST_CASE("what differs from run to run is added to the environment", "[launch]") {
  auto spec = shell_spec("echo $ALWAYS $NOW");
  spec.environment.push_back("ALWAYS=a");
  const std::vector<std::string> more{"NOW=b"};
  CHECK(run(spec, {.environment = more}).output == "a b\n");
  CHECK(run(spec).output == "a\n");
}

TEST_CASE("a child inherits nothing however many descriptors are open", "[launch]") {
  std::vector<Fd> many;
  for (int i = 0; i < 500; ++i) many.emplace_back(::open("/dev/null", O_RDONLY));  // not even close-on-exec
  CHECK(run(shell_spec("ls /proc/self/fd | wc -l")).output == "4\n");              // three, and the folder itself
}

TEST_CASE("once a launch is over, its streams are held by the child alone", "[launch]") {
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  const auto launched =
      launch(shell_spec("cat"), {.standard_input = in.read_end.get(), .standard_output = out.write_end.get()});
  REQUIRE(launched);
  in.read_end.reset();
  in.write_end.reset();  // the end of what it reads
  CHECK(read_all(out).empty());
  ::waitpid(launched->pid, nullptr, 0);
}

TEST_CASE("a held program begins when it is released", "[launch]") {
  Pipe output = make_pipe();
  const auto launched = launch(shell_spec("echo begun"), {.standard_output = output.write_end.get(), .held = true});
  REQUIRE(launched);
  output.write_end.reset();
  const std::atomic_ref gate(launched->answer->gate);
  while (gate.load() != gate_awaited) ::sched_yield();  // it is ready, and sleeps
  CHECK(first_argument_of(launched->pid) == first_argument_of(::getpid()));
  launched->release(Streams::kept);
  CHECK(read_all(output) == "begun\n");
  CHECK(::waitpid(launched->pid, nullptr, 0) == launched->pid);
}

TEST_CASE("a held process that is not released can be killed", "[launch]") {
  const auto launched = launch(shell_spec("echo never"), {.held = true});
  REQUIRE(launched);
  ::kill(-launched->pid, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(launched->pid, &status, 0) == launched->pid);
  CHECK(WTERMSIG(status) == SIGKILL);
}

TEST_CASE("a held program begins with lasting streams when the process that holds it dies", "[launch]") {
  Pipe output = make_pipe();
  const pid_t daemon = ::fork();
  if (daemon == 0) {
    const auto launched = launch(shell_spec("readlink /proc/self/fd/1; cat /proc/$$/fdinfo/1"),
                                 {.standard_output = output.write_end.get(), .held = true});
    ::_exit(launched ? 0 : 1);
  }
  output.write_end.reset();
  int status = -1;
  REQUIRE(::waitpid(daemon, &status, 0) == daemon);
  REQUIRE(status == 0);
  const std::string printed = read_all(output);
  CHECK(printed.starts_with("pipe:"));
  CHECK(printed.contains("flags:\t0100002"));  // O_RDWR
}

TEST_CASE("a lasting stream does not break with its reader, ends with its last writer, and can be read anew",
          "[launch]") {
  const LaunchSpec spec = shell_spec("read go; echo one; echo two >&2; read go");
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  ::fcntl(input.read_end.get(), F_SETFL, 0);  // a shell_spec that reads must wait
  const auto launched = launch(spec, {.standard_input = input.read_end.get(),
                                      .standard_output = output.write_end.get(),
                                      .standard_error = output.write_end.get(),
                                      .held = true});
  REQUIRE(launched);
  launched->release(Streams::lasting);
  while (first_argument_of(launched->pid) == first_argument_of(::getpid())) ::sched_yield();  // until it is the shell
  // The first daemon goes, and with it all that it had of the pipe.
  output = {};
  const std::string again = "/proc/" + std::to_string(launched->pid) + "/fd/1";
  output.read_end.reset(::open(again.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  REQUIRE(output.read_end);
  REQUIRE(::write(input.write_end.get(), "\n\n", 2) == 2);
  CHECK(read_all(output) == "one\ntwo\n");
  int status = 0;
  REQUIRE(::waitpid(launched->pid, &status, 0) == launched->pid);
  CHECK(status == 0);
}

TEST_CASE("a program that closes a lasting output has ended it", "[launch]") {
  Pipe output = make_pipe();
  const auto launched =
      launch(shell_spec("echo last; exec sleep 1000 >&-"), {.standard_output = output.write_end.get(), .held = true});
  REQUIRE(launched);
  launched->release(Streams::lasting);
  CHECK(read_all(output) == "last\n");
  ::kill(launched->pid, SIGKILL);
  CHECK(::waitpid(launched->pid, nullptr, 0) == launched->pid);
}

TEST_CASE("a memory file is read to its end as standard input", "[launch]") {
  const std::string text(300'000, 'x');
  const Fd file = make_memory_file("a text", text);
  CHECK(run(shell_spec("wc -c"), {.standard_input = file.get()}).output == "300000\n");
}

TEST_CASE("a script without an interpreter line or with a missing one is explained", "[launch]") {
  char path[] = "/tmp/belfry-launch-XXXXXX";
  Fd file(::mkstemp(path));
  ::fchmod(file.get(), 0755);
  LaunchSpec spec;
  spec.argv = {path};
  SECTION("no line") {
    REQUIRE(::write(file.get(), "echo", 4) == 4);
    file.reset();
    CHECK(failure_of(spec).message.ends_with("(a script needs a first line such as #!/bin/sh)"));
  }
  SECTION("missing interpreter") {
    REQUIRE(::write(file.get(), "#!/no/such\n", 11) == 11);
    file.reset();
    CHECK(failure_of(spec).message.ends_with("(the interpreter that its first line names)"));
    spec.working_dir = "/tmp";
    spec.argv = {std::string("./") + std::string(path).substr(5)};
    CHECK(failure_of(spec).message.ends_with("(the interpreter that its first line names)"));
  }
  ::unlink(path);
}

TEST_CASE("a slow open of the command holds neither the caller nor other launches", "[launch]") {
  char path[] = "/tmp/belfry-launch-XXXXXX";
  {
    const Fd file(::mkstemp(path));
    ::fchmod(file.get(), 0755);
    REQUIRE(::write(file.get(), "#!/bin/sh\necho late\n", 20) == 20);
  }
  // Whoever opens a file under a lease waits until its holder lets go: as with a file server that does not answer.
  const Fd held(::open(path, O_RDONLY | O_CLOEXEC));
  ::signal(SIGIO, SIG_IGN);
  REQUIRE(::fcntl(held.get(), F_SETLEASE, F_WRLCK) == 0);
  LaunchSpec slow;
  slow.argv = {path};
  std::vector<Pipe> outputs;
  std::vector<Launched> waiting;
  for (int i = 0; i < 40; ++i) {  // more than there are pads
    Pipe& output = outputs.emplace_back(make_pipe());
    auto launched = launch(slow, {.standard_output = output.write_end.get()});
    REQUIRE(launched);
    waiting.push_back(std::move(*launched));
  }
  CHECK(run(shell_spec("echo quick")).output == "quick\n");  // to its end: nobody else holds its output
  CHECK(::waitpid(-1, nullptr, WNOHANG) == 0);
  REQUIRE(::fcntl(held.get(), F_SETLEASE, F_UNLCK) == 0);
  for (Pipe& output : outputs) CHECK(read_all(output) == "late\n");
  for (const Launched& launched : waiting) ::waitpid(launched.pid, nullptr, 0);
  ::signal(SIGIO, SIG_DFL);
  ::unlink(path);
}

TEST_CASE("a child can be killed with its group as soon as launch returns", "[launch]") {
  for (int i = 0; i < 200; ++i) {
    Pipe out = make_pipe();
    const auto launched = launch(shell_spec("sleep 1000"), {.standard_output = out.write_end.get()});
    REQUIRE(launched);
    REQUIRE(::kill(-launched->pid, SIGKILL) == 0);
    int status = 0;
    REQUIRE(::waitpid(launched->pid, &status, 0) == launched->pid);
    CHECK(WTERMSIG(status) == SIGKILL);
    CHECK_FALSE(launched->failure());
  }
  CHECK(run(shell_spec("echo next")).output == "next\n");  // no stream of those who were killed too early is left over
}

TEST_CASE("two thousand launches at once, from several threads, keep apart and leave nothing open", "[launch]") {
  constexpr int threads = 4;
  constexpr int each = 500;
  run(shell_spec("exit 0"));  // what is kept for launching is open now
  const std::size_t before = open_descriptors();
  std::vector<std::string> wrong(threads);
  const auto work = [&wrong](std::size_t thread) {
    std::vector<Launched> children;
    for (int i = 0; i < each; ++i) {
      auto spec = shell_spec("exit $CODE");
      const int code = (i + static_cast<int>(thread)) % 100;
      const std::vector<std::string> more{"CODE=" + std::to_string(code)};
      if (i % 10 == 0) spec.argv = {"/no/such"};
      auto launched = launch(spec, {.environment = more});
      if (!launched) {
        wrong[thread] = launched.error().message;
        return;
      }
      children.push_back(std::move(*launched));
    }
    for (int i = 0; i < each; ++i) {
      const Launched& child = children[static_cast<std::size_t>(i)];
      int status = 0;
      ::waitpid(child.pid, &status, 0);
      const bool fails = i % 10 == 0;
      const int code = fails ? 127 : (i + static_cast<int>(thread)) % 100;
      if (WEXITSTATUS(status) != code || child.failure().has_value() != fails) wrong[thread] = "not its own end";
    }
  };
  {
    std::vector<std::jthread> all;
    for (std::size_t thread = 0; thread < threads; ++thread) all.emplace_back(work, thread);
  }
  for (const auto& what : wrong) CHECK(what.empty());
  CHECK(open_descriptors() <= before + 2 * 16);  // the pads
}
