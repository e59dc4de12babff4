#include "io/process.hpp"

#include <sys/stat.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "async/cancel.hpp"
#include "async/gather.hpp"
#include "async/run.hpp"
#include "async/sleep.hpp"
#include "async/timeout.hpp"
#include "io/output_capture.hpp"
#include "io/poller.hpp"
#include "io/process_tree.hpp"

using namespace belfry;
using namespace std::chrono_literals;

namespace {

io::LaunchSpec shell(std::string script) {
  io::LaunchSpec spec;
  spec.argv = {"/bin/sh", "-c", std::move(script)};
  spec.environment = {"PATH=/usr/bin:/bin"};
  return spec;
}

async::Task<io::ExitStatus> run_to_end(io::LaunchSpec spec) {
  auto process = io::Process::start(spec);
  if (!process) FAIL(process.error().message);
  io::ExitStatus status = co_await process->wait();
  co_return status;
}

}  // namespace

TEST_CASE("the exit code, the signal and the usage of a process are reported", "[process]") {
  const auto three = async::run(run_to_end(shell("exit 3")));
  CHECK(three.exit_code == 3);
  CHECK_FALSE(three.signal);
  CHECK(three.usage.max_rss_bytes > 100'000);
  const auto killed = async::run(run_to_end(shell("kill -KILL $$")));
  CHECK_FALSE(killed.exit_code);
  CHECK(killed.signal == SIGKILL);
  const auto busy = async::run(run_to_end(shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done")));
  CHECK(busy.usage.user_cpu + busy.usage.system_cpu > 1ms);
}

TEST_CASE("a process that did not become its program says so when it ends", "[process]") {
  io::LaunchSpec spec;
  spec.argv = {"/no/such"};
  const auto status = async::run(run_to_end(spec));
  REQUIRE(status.failure);
  CHECK(status.failure->message == "cannot start /no/such: No such file or directory (the command)");
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("two hundred processes at once each end with their own code", "[process]") {
  const auto body = []() -> async::Task<> {
    std::vector<async::Task<io::ExitStatus>> tasks;
    for (int i = 0; i < 200; ++i) tasks.push_back(run_to_end(shell("exit " + std::to_string(i))));
    const auto statuses = co_await async::gather(std::move(tasks));
    for (int i = 0; i < 200; ++i) CHECK(statuses[static_cast<std::size_t>(i)].exit_code == i);
  };
  async::run(body());
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("waiting can be cancelled and taken up again", "[process]") {
  const auto body = []() -> async::Task<> {
    auto process = io::Process::start(shell("exec sleep 1000"));
    REQUIRE(process);
    const bool in_time = co_await async::move_on_after(1ms, process->ended());
    CHECK_FALSE(in_time);
    process->signal_group(SIGTERM);
    const auto status = co_await process->wait();
    CHECK(status.signal == SIGTERM);
  };
  async::run(body());
}

TEST_CASE("a process that is let go of does not live on, nor stay a zombie", "[process]") {
  const auto body = []() -> async::Task<pid_t> {
    auto process = io::Process::start(shell("exec sleep 1000"));
    REQUIRE(process);
    co_return process->pid();
  };
  const pid_t pid = async::run(body());
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);
  CHECK(info.si_status == SIGKILL);
  io::reap_strays();
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("the end of a process takes its whole tree along", "[process]") {
  io::become_subreaper();
  const auto body = []() -> async::Task<> {
    auto spec = shell("sleep 1000 & setsid sleep 1000 & (setsid sh -c 'sleep 1000 & sleep 1000' &) ; exit 0");
    spec.environment.emplace_back("BELFRY_RUN_ID=7");
    auto process = io::Process::start(spec);
    REQUIRE(process);
    co_await process->ended();
    const io::Survivors swept = co_await process->sweep("BELFRY_RUN_ID=7");
    CHECK(swept.ended >= 2);
    CHECK(swept.left == 0);
    REQUIRE(swept.named.size() >= 2);
    const std::set<std::string> names{"sleep", "setsid",
                                      "sh"};  // who has not come to its execve yet is still the shell
    CHECK(names.contains(swept.named[0].name));
    CHECK(process->reap().exit_code == 0);
  };
  async::run(body());
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("reaping before the end or twice is a mistake that is told", "[process]") {
  const auto body = []() -> async::Task<> {
    auto process = io::Process::start(shell("exec sleep 1000"));
    REQUIRE(process);
    CHECK_THROWS_AS(process->reap(), std::logic_error);
    process->signal_group(SIGKILL);
    co_await process->wait();
    CHECK_THROWS_AS(process->reap(), std::logic_error);
  };
  async::run(body());
}

TEST_CASE("output is captured to its end, both ends of it kept", "[output_capture]") {
  const auto body = []() -> async::Task<> {
    io::Pipe pipe = io::make_pipe();
    auto process = io::Process::start(shell("echo begin; head -c 5000000 /dev/zero | tr '\\0' x; echo end"),
                                      {.standard_output = pipe.write_end.get()});
    REQUIRE(process);
    pipe.write_end.reset();
    io::OutputCapture capture(std::move(pipe.read_end), io::HeadTailBuffer(1000));
    co_await capture.ended();
    co_await process->wait();
    CHECK(capture.at_end());
    CHECK(capture.buffer().total() == 5'000'010);
    CHECK(capture.buffer().head().starts_with("begin\nxxx"));
    CHECK(capture.buffer().tail().ends_with("xxxend\n"));
    CHECK(capture.buffer().head().size() + capture.buffer().tail().size() == 1000);
  };
  async::run(body());
}

TEST_CASE("what was printed before anyone watched is there, and drained without watching", "[output_capture]") {
  const auto body = []() -> async::Task<> {
    io::Pipe pipe = io::make_pipe();
    auto process = io::Process::start(shell("echo words"), {.standard_output = pipe.write_end.get()});
    REQUIRE(process);
    pipe.write_end.reset();
    io::OutputCapture capture(std::move(pipe.read_end), io::HeadTailBuffer(1000));
    while (!process->is_over()) co_await async::yield();
    CHECK(capture.buffer().total() == 0);
    capture.drain();
    CHECK(capture.at_end());
    CHECK(capture.buffer().head() == "words\n");
    co_await capture.ended();
    co_await process->wait();
  };
  async::run(body());
}

TEST_CASE("a capture that ends early lets the writer meet a closed pipe", "[output_capture]") {
  const auto body = []() -> async::Task<> {
    io::Pipe pipe = io::make_pipe();
    auto process = io::Process::start(shell("exec cat /dev/zero"), {.standard_output = pipe.write_end.get()});
    REQUIRE(process);
    pipe.write_end.reset();
    {
      io::OutputCapture capture(std::move(pipe.read_end), io::HeadTailBuffer(1000));
      capture.watch();
      while (capture.buffer().total() == 0) co_await async::yield();
    }
    const auto status = co_await process->wait();
    CHECK(status.signal == SIGPIPE);
  };
  async::run(body());
}

TEST_CASE("pipes that are made ahead are given once, and go with the loop", "[poller]") {
  const auto number = [](const io::Pipe& pipe) {
    struct ::stat about{};
    return ::fstat(pipe.read_end.get(), &about) == 0 ? about.st_ino : 0;
  };
  std::weak_ptr<io::Poller> gone;
  const auto body = [&]() -> async::Task<> {
    const auto poller = io::Poller::of_current_loop();
    gone = poller;
    poller->prepare_stream_pipes();
    poller->prepare_stream_pipes();
    const io::StreamPipes first = poller->take_stream_pipes();
    const io::StreamPipes second = poller->take_stream_pipes();
    poller->prepare_stream_pipes();
    const std::set<ino_t> all{number(first.output), number(first.error), number(second.output), number(second.error)};
    CHECK(all.size() == 4);
    CHECK_FALSE(all.contains(0));
    co_return;
  };
  async::run(body());
  CHECK(gone.expired());
}
