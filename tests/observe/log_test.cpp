#include "observe/log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>

#include "observe/log_observer.hpp"

namespace belfry::observe {
namespace {

using namespace std::chrono_literals;

/// A pipe that a log writes into; read() takes what is there.
struct Pipe {
  std::array<int, 2> ends{};
  Pipe() { REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0); }
  ~Pipe() {
    for (const int end : ends) ::close(end);
  }
  std::string read() const {
    std::string all;
    std::array<char, 65536> buffer{};
    pollfd ready{.fd = ends[0], .events = POLLIN, .revents = 0};
    while (::poll(&ready, 1, 0) == 1) {
      const ssize_t got = ::read(ends[0], buffer.data(), buffer.size());
      if (got <= 0) break;
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return all;
  }
};

LogOptions to(const Pipe& pipe) {
  LogOptions options;
  options.fd = pipe.ends[1];
  options.format = LogFormat::journal;
  return options;
}

TEST_CASE("lines come out in order, those below the level do not") {
  const Pipe pipe;
  Log log(to(pipe));
  log.debug("hidden");
  log.info("one");
  log.warning("two", {{"job", "a"}});
  log.set_level(LogLevel::debug);
  log.debug("three");
  log.flush();
  CHECK(pipe.read() == "<6>one\n<4>two  job=a\n<7>three\n");
  CHECK(log.dropped() == 0);
}

TEST_CASE("what is queued at the end is written") {
  const Pipe pipe;
  {
    Log log(to(pipe));
    for (int i = 0; i < 100; ++i) log.info("line");
  }
  CHECK(pipe.read().size() == 100 * std::string_view("<6>line\n").size());
}

TEST_CASE("a reader that does not read never stalls the writer: lines are dropped and counted") {
  const Pipe pipe;
  LogOptions options = to(pipe);
  options.capacity = 16;
  constexpr int kLines = 2000;
  std::uint64_t dropped = 0;
  {
    Log log(options);
    const std::string text(1000, 'x');  // the pipe holds 64 of them
    for (int i = 0; i < kLines; ++i) log.info(text);
    dropped = log.dropped();
    CHECK(dropped > 0);
  }  // ends although nobody reads
  const std::string written = pipe.read();
  CHECK(written.size() <= 65536);
  CHECK(dropped <= kLines);
}

TEST_CASE("the format follows what the output is") {
  const Pipe pipe;
  ::unsetenv("JOURNAL_STREAM");
  CHECK(detect_format(pipe.ends[1]) == LogFormat::json);
  struct stat file{};
  REQUIRE(::fstat(pipe.ends[1], &file) == 0);
  ::setenv("JOURNAL_STREAM", (std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino)).c_str(), 1);
  CHECK(detect_format(pipe.ends[1]) == LogFormat::journal);
  CHECK(detect_format(0) != LogFormat::journal);  // another file than the journal's
  ::unsetenv("JOURNAL_STREAM");

  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(terminal >= 0);
  ::setenv("TERM", "xterm", 1);
  ::unsetenv("NO_COLOR");
  CHECK(detect_format(terminal) == LogFormat::colour);
  ::setenv("NO_COLOR", "1", 1);
  CHECK(detect_format(terminal) == LogFormat::text);
  ::unsetenv("NO_COLOR");
  ::setenv("TERM", "dumb", 1);
  CHECK(detect_format(terminal) == LogFormat::text);
  ::close(terminal);
}

TEST_CASE("a run that ends is one line with its outcome, duration and reason") {
  const Pipe pipe;
  Log log(to(pipe));
  LogObserver observer(log);
  engine::EventStream events;
  observer.subscribe(events);
  ledger::RunEnded run;
  run.run = 12;
  run.job = "backup";
  run.started_at = engine::WallTime{100s};
  run.ended_at = engine::WallTime{101500ms};
  run.outcome = ledger::Outcome::failure;
  run.exit_code = 3;
  run.attempts = 2;
  run.message = "exit code 3";
  events.publish(run);
  run.outcome = ledger::Outcome::start_error;
  events.publish(run);
  log.flush();
  const std::string fields = "duration_seconds=1.5 trigger=schedule exit_code=3 attempts=2 reason=\"exit code 3\"\n";
  CHECK(pipe.read() == "<4>run ended  job=backup run=12 outcome=failure " + fields +
                           "<3>run ended  job=backup run=12 outcome=start_error " + fields);
}

TEST_CASE("a slot skipped every second warns once a minute and tells how many were held back") {
  const Pipe pipe;
  Log log(to(pipe));
  LogObserver observer(log);
  ledger::SlotClosed slot{.job = "busy",
                          .scheduled_at = {},
                          .last_scheduled_at = {},
                          .count = 1,
                          .result = ledger::SlotResult::skipped,
                          .reason = ledger::SlotReason::overlap,
                          .run = std::nullopt,
                          .closed_at = {}};
  for (int second = 0; second <= 60; ++second) {
    slot.closed_at = engine::WallTime{std::chrono::seconds{second}};
    observer.observe(slot);
  }
  log.flush();
  const std::string lines = pipe.read();
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 2);
  CHECK(lines.find("more_since_last_line=59") != std::string::npos);
}

TEST_CASE("when the slots that were held back come to an end, their number is told all the same") {
  const Pipe pipe;
  Log log(to(pipe));
  LogObserver observer(log);
  ledger::SlotClosed slot{.job = "busy",
                          .scheduled_at = {},
                          .last_scheduled_at = {},
                          .count = 1,
                          .result = ledger::SlotResult::skipped,
                          .reason = ledger::SlotReason::overlap,
                          .run = std::nullopt,
                          .closed_at = {}};
  for (int second = 0; second <= 30; ++second) {
    slot.closed_at = engine::WallTime{std::chrono::seconds{second}};
    observer.observe(slot);
  }
  ledger::RunEnded run;
  run.job = "other";
  for (const auto second : {40s, 70s, 150s}) {
    run.ended_at = engine::WallTime{second};
    observer.observe(run);
  }
  log.flush();
  const std::string lines = pipe.read();
  const std::string rest = "<4>more slots like those before  job=busy result=skipped reason=overlap more=30\n";
  const std::size_t found = lines.find(rest);
  REQUIRE(found != std::string::npos);
  CHECK(lines.find(rest, found + 1) == std::string::npos);
}

}  // namespace
}  // namespace belfry::observe
