#include "observe/process_inventory.hpp"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <future>
#include <thread>

namespace belfry::observe {
namespace {

TEST_CASE("a descriptor, a process and a thread that were not there before are told, until they are gone") {
  const ProcessInventory before = ProcessInventory::take();
  CHECK(ProcessInventory::take().since(before).empty());

  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const auto pipes = ProcessInventory::take().since(before);
  REQUIRE(pipes.size() == 2);
  CHECK_THAT(pipes[0], Catch::Matches("descriptor " + std::to_string(ends[0]) + ": pipe:\\[[0-9]+\\]"));

  const pid_t child = ::fork();
  if (child == 0) {  // lives until our end of the pipe closes
    ::close(ends[1]);
    char byte = 0;
    while (::read(ends[0], &byte, 1) > 0) {
    }
    ::_exit(0);
  }
  REQUIRE(child > 0);
  CHECK(ProcessInventory::take().children.at(child).ended == false);
  ::close(ends[0]);
  ::close(ends[1]);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  const auto zombie = ProcessInventory::take().since(before);
  REQUIRE(zombie.size() == 1);
  CHECK_THAT(zombie[0],
             Catch::StartsWith("process " + std::to_string(child) + ": ") && Catch::EndsWith("which has ended"));
  REQUIRE(::waitpid(child, nullptr, 0) == child);

  std::promise<void> named;
  std::promise<void> go;
  std::thread thread([&] {
    ::pthread_setname_np(::pthread_self(), "stray-1");
    named.set_value();
    go.get_future().wait();
  });
  named.get_future().wait();
  const auto threads = ProcessInventory::take().since(before);
  REQUIRE(threads.size() == 1);
  CHECK_THAT(threads[0], Catch::EndsWith(": stray-1"));
  go.set_value();
  thread.join();
  CHECK(ProcessInventory::take().since(before).empty());
}

TEST_CASE("what is left is in the log; a process that is meant to live on is not") {
  const ProcessInventory before = ProcessInventory::take();
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NAME, "keeps-on");
    ::write(ends[1], "x", 1);
    ::pause();
  }
  char named = 0;
  REQUIRE(::read(ends[0], &named, 1) == 1);
  std::string text;
  {
    LogOptions options;
    options.fd = ::fileno(file);
    options.format = LogFormat::json;
    Log log(options);
    tell_leftovers(log, before, "another");
    tell_leftovers(log, before, "keeps-on");
    log.flush();
    std::rewind(file);
    for (int c = 0; (c = std::fgetc(file)) != EOF;) text += static_cast<char>(c);
  }
  std::fclose(file);
  ::close(ends[0]);
  ::close(ends[1]);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const auto first = text.find(": keeps-on");
  CHECK(first != std::string::npos);
  CHECK(text.find(": keeps-on", first + 1) == std::string::npos);
  CHECK_THAT(text, Catch::Contains("descriptor " + std::to_string(ends[0])));
}

}  // namespace
}  // namespace belfry::observe
