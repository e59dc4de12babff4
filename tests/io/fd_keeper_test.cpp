// Descriptors in the keeping of another process, while the one that gave them goes and the next one comes.
#include "io/fd_keeper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <memory>
#include <string>
#include <system_error>

#include "io/exec_shim.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using io::FdKeeper;
using io::LabelledFd;

namespace {

struct Door {
  test::TempDir folder;
  std::filesystem::path path = folder / "door";

  std::unique_ptr<FdKeeper> open() const { return FdKeeper::open(path, io::find_shim().value()); }
};

// What is in the pipe, and then its end: all others who had its writing end have closed it.
std::string all_of(const io::Fd& pipe) {
  ::fcntl(pipe.get(), F_SETFL, 0);
  std::string text;
  std::array<char, 100> piece{};
  for (ssize_t got = 0; (got = ::read(pipe.get(), piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

void print(const io::Fd& pipe, std::string_view text) {
  REQUIRE(::write(pipe.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

bool give(FdKeeper& keeper, std::int64_t owner, std::uint32_t label, const io::Fd& fd) {
  const LabelledFd given{.label = label, .fd = fd.get()};
  return keeper.keep(owner, {&given, 1});
}

int exit_code_of(pid_t pid) {
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("what is in a pipe is there for the next process, though both of its ends had been closed", "[fd_keeper]") {
  const Door door;
  {
    auto keeper = door.open();
    CHECK(keeper->owners().empty());
    io::Pipe first = io::make_pipe();
    io::Pipe second = io::make_pipe();
    const std::array<LabelledFd, 2> both{LabelledFd{.label = 1, .fd = first.read_end.get()},
                                         LabelledFd{.label = 2, .fd = second.read_end.get()}};
    CHECK(keeper->keep(7, both));
    print(first.write_end, "last ");
    print(second.write_end, "trouble");
    print(first.write_end, "words");
  }
  auto keeper = door.open();
  CHECK(keeper->owners() == std::vector<std::int64_t>{7});
  auto kept = keeper->take(7);
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].label == 1);
  CHECK(all_of(kept[0].fd) == "last words");
  CHECK(kept[1].label == 2);
  CHECK(all_of(kept[1].fd) == "trouble");
  CHECK(keeper->take(7).empty());
  SECTION("it is held on for the one after the next") {
    keeper.reset();
    CHECK(door.open()->take(7).size() == 2);
    door.open()->end();
  }
  SECTION("until it is dropped") {
    keeper->drop(7);
    keeper->flush();
    const pid_t behind = keeper->pid();
    keeper.reset();
    CHECK(exit_code_of(behind) == 0);  // it holds nothing, and nobody needs it
  }
}

TEST_CASE("what an owner gives later is beside what he gave before, or in its place", "[fd_keeper]") {
  const Door door;
  io::Pipe pipe = io::make_pipe();
  {
    auto keeper = door.open();
    CHECK(give(*keeper, 7, 1, pipe.read_end));
    CHECK(give(*keeper, 8, 1, pipe.read_end));
    CHECK(give(*keeper, 7, 2, pipe.read_end));
    keeper->drop(8);
    CHECK(give(*keeper, 8, 3, pipe.read_end));
  }
  auto keeper = door.open();
  CHECK(keeper->take(7).size() == 2);
  const auto kept = keeper->take(8);
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].label == 3);
  keeper->end();
}

TEST_CASE("thousands may be given in one go, and none is lost", "[fd_keeper]") {
  constexpr std::int64_t many = 2000;
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  if (limit.rlim_max < 3 * many) return;
  limit.rlim_cur = limit.rlim_max;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  const Door door;
  io::Pipe pipe = io::make_pipe();
  {
    auto keeper = door.open();
    for (std::int64_t owner = 0; owner < many; ++owner) {
      if (!give(*keeper, owner, 1, pipe.read_end)) FAIL("not given: " << owner);
      if (owner % 2 == 1) keeper->drop(owner);
    }
  }
  auto keeper = door.open();
  std::size_t there = 0;
  for (const std::int64_t owner : keeper->owners()) {
    if (owner % 2 == 0) there += keeper->take(owner).size();
  }
  CHECK(there == many / 2);
  keeper->end();
}

TEST_CASE("a keeper that was killed is replaced when something is given", "[fd_keeper]") {
  const Door door;
  auto keeper = door.open();
  const pid_t behind = keeper->pid();
  ::kill(behind, SIGKILL);
  ::waitpid(behind, nullptr, 0);
  io::Pipe pipe = io::make_pipe();
  CHECK(give(*keeper, 7, 1, pipe.read_end));
  CHECK(keeper->pid() != behind);
  keeper.reset();
  keeper = door.open();
  CHECK(keeper->take(7).size() == 1);
  keeper->end();
}

TEST_CASE("it ends with its daemon when that one ends in order, and is not started again", "[fd_keeper]") {
  const Door door;
  auto keeper = door.open();
  const pid_t behind = keeper->pid();
  io::Pipe pipe = io::make_pipe();
  CHECK(give(*keeper, 7, 1, pipe.read_end));
  keeper->end();
  CHECK(exit_code_of(behind) == 0);
  CHECK_FALSE(std::filesystem::exists(door.path));
  CHECK_FALSE(give(*keeper, 8, 1, pipe.read_end));
}

TEST_CASE("that no keeper can be had is told", "[fd_keeper]") {
  const Door door;
  CHECK_THROWS_AS(FdKeeper::open(door.path, "/nonexistent"), std::system_error);
  CHECK_THROWS_AS(FdKeeper::open("/nonexistent/door", io::find_shim().value()), std::system_error);
  CHECK_THROWS_AS(FdKeeper::open(std::string(200, 'x'), io::find_shim().value()), std::system_error);
}

TEST_CASE("a keeper has none of our descriptors but those that it was given", "[fd_keeper]") {
  const Door door;
  io::Pipe pipe = io::make_pipe();
  ::fcntl(pipe.write_end.get(), F_SETFD, 0);  // as what somebody else opened, who does not know our house rule
  auto keeper = door.open();
  CHECK(give(*keeper, 7, 1, pipe.read_end));
  keeper.reset();
  keeper = door.open();  // it has begun: it has answered
  pipe.write_end.reset();
  char byte = 0;
  CHECK(::read(pipe.read_end.get(), &byte, 1) == 0);  // the end, and not "nothing yet"
  keeper->end();
}

TEST_CASE("what is dropped is closed here, too, though nobody has taken it", "[fd_keeper]") {
  const Door door;
  io::Pipe pipe = io::make_pipe();
  auto keeper = door.open();
  CHECK(give(*keeper, 7, 1, pipe.read_end));
  keeper.reset();
  keeper = door.open();
  pipe.read_end.reset();
  keeper->drop(7);
  keeper->flush();
  pollfd unread{pipe.write_end.get(), 0, 0};
  CHECK(::poll(&unread, 1, 20'000) ==
        1);  // POLLERR, when the last reader has gone; the keeper is told and does it soon
  CHECK(keeper->take(7).empty());
  keeper->end();
}
