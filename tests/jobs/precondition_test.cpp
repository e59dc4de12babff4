#include "jobs/precondition.hpp"

#include <sys/stat.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "action_fixture.hpp"
#include "io/process_tree.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using jobs::PreconditionSpec;

namespace {

using Argv = std::vector<std::string>;

std::string objection(PreconditionSpec spec) {
  const auto precondition = jobs::make_precondition(std::move(spec));
  return async::run(precondition->objection()).value_or("");
}

std::string of_command(std::string text) {
  return objection({.job = "a", .command = jobs::ExecSpec{.command = std::move(text)}});
}

}  // namespace

TEST_CASE("nothing given, nothing objected", "[precondition]") { CHECK(objection({.job = "a"}).empty()); }

TEST_CASE("a command that succeeds lets the run start", "[precondition]") {
  CHECK(of_command("exit 0").empty());
  CHECK(objection({.job = "a", .command = jobs::ExecSpec{.command = Argv{"true"}}}).empty());
  CHECK(objection({.job = "a", .command = jobs::ExecSpec{.command = "exit 3", .success_exit_codes = {3}}}).empty());
  CHECK(of_command("test \"$BELFRY_JOB\" = a && test \"$BELFRY_RUN_ID\" -lt 0").empty());
}

TEST_CASE("the objection has the command's end and its last line, errors first", "[precondition]") {
  CHECK(of_command("exit 3") == "the command of the precondition: exit code 3");
  CHECK(of_command("echo one; echo two; echo; exit 1") == "the command of the precondition: exit code 1: two");
  CHECK(of_command("echo out; printf 'not\\tready \\033[0m\\n\\n' >&2; exit 1") ==
        "the command of the precondition: exit code 1: not ready  [0m");
  CHECK(of_command("kill -TERM $$") == "the command of the precondition: killed by SIGTERM");
  CHECK(objection({.job = "a", .command = jobs::ExecSpec{.command = Argv{"/no/such"}}}) ==
        "the command of the precondition: cannot start /no/such: No such file or directory (the command)");
}

TEST_CASE("of a long line the beginning is told, of much output the end", "[precondition]") {
  const std::string told = of_command("yes noise | head -c 100000; echo; printf 'x%.0s' $(seq 500); exit 1");
  CHECK_THAT(told, Contains("exit code 1: xxx"));
  CHECK(told.ends_with("xxx..."));
  CHECK(told.size() < 300);
}

TEST_CASE("a command that is too slow does not hold, and is ended with all that it started", "[precondition]") {
  io::become_subreaper();
  CHECK(objection({.job = "a",
                   .command = jobs::ExecSpec{.command = "trap '' TERM; (setsid sleep 1000 &) ; sleep 1000 & wait; wait",
                                             .kill_grace = 0s},
                   .timeout = 50ms}) == "the command of the precondition: did not end within 50ms");
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("a cancelled question ends its command", "[precondition]") {
  test::Ready ready;
  const auto body = [&ready]() -> async::Task<> {
    jobs::ExecSpec command{.command = "echo >$READY; exec sleep 1000", .environment = {{"READY", ready.path()}}};
    const auto precondition = jobs::make_precondition({.job = "a", .command = std::move(command)});
    async::CancelScope scope;
    auto watcher = async::spawn(test::cancel_when(ready, scope), "cancel when ready");
    const auto answered = co_await scope.run(precondition->objection());
    CHECK_FALSE(answered);
    co_await watcher;
  };
  async::run(body());
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("one question does not sweep up the processes of another", "[precondition]") {
  io::become_subreaper();
  test::TempDir dir;
  test::Ready ready;
  const std::string go = (dir / "go").string();
  const std::string stray = (dir / "stray").string();
  REQUIRE(::mkfifo(go.c_str(), 0600) == 0);
  const auto body = [&]() -> async::Task<> {
    // The first one's daemon lives in another session, its parent gone, until the second one has swept.
    const auto first = jobs::make_precondition(
        {.job = "a",
         .command = jobs::ExecSpec{.command = "(setsid sh -c 'echo $$ >$STRAY; echo >$READY; exec sleep 1000' &); "
                                              "read line <$GO; test \"$line\" = go && kill -0 $(cat $STRAY)",
                                   .environment = {{"READY", ready.path()}, {"GO", go}, {"STRAY", stray}}}});
    const auto second =
        jobs::make_precondition({.job = "a", .command = jobs::ExecSpec{.command = "(setsid sleep 1000 &); true"}});
    auto asking = async::spawn(first->objection(), "the first question");
    co_await ready.wait();
    const auto swept = co_await second->objection();
    CHECK_FALSE(swept);
    std::ofstream(go) << "go\n";
    const auto held = co_await asking;
    CHECK_FALSE(held);
  };
  async::run(body());
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("the load must be below what is asked for", "[precondition]") {
  CHECK(objection({.job = "a", .load_below = 1e9}).empty());
  CHECK_THAT(objection({.job = "a", .load_below = 0.0}),
             Contains("the load is ") && Contains(", and must be below 0.00"));
  CHECK_THAT(objection({.job = "a", .load_below = 1e9, .load_per_cpu_below = 0.0}), Contains(" for each CPU"));
}

TEST_CASE("there must be free memory", "[precondition]") {
  CHECK(objection({.job = "a", .free_memory = 1}).empty());
  CHECK_THAT(objection({.job = "a", .free_memory = std::uint64_t{1} << 60U}),
             Contains(" of memory are available, and 1048576.0 TiB are needed"));
}

TEST_CASE("there must be free disk", "[precondition]") {
  CHECK(objection({.job = "a", .free_disk = jobs::FreeDisk{.path = "/", .at_least = 0}}).empty());
  CHECK_THAT(objection({.job = "a", .free_disk = jobs::FreeDisk{.path = "/", .at_least = std::uint64_t{1} << 60U}}),
             Contains(" are free on the disk of /, and "));
  CHECK(objection({.job = "a", .free_disk = jobs::FreeDisk{.path = "/no/such", .at_least = 1}}) ==
        "cannot measure the free space of /no/such: No such file or directory");
}

TEST_CASE("the first thing that does not hold is told, and the command is spared", "[precondition]") {
  test::TempDir dir;
  const std::string trace = (dir / "asked").string();
  const std::string told = objection({.job = "a",
                                      .command = jobs::ExecSpec{.command = "touch " + trace},
                                      .load_below = 1e9,
                                      .free_memory = std::uint64_t{1} << 60U});
  CHECK_THAT(told, Contains("memory"));
  CHECK_FALSE(std::filesystem::exists(trace));
}

TEST_CASE("a last line in the middle of what is kept is told whole", "[precondition]") {
  const std::string told =
      of_command("printf 'x%.0s' $(seq 2040); echo; echo 'not ready yet, try again later'; exit 1");
  CHECK(told == "the command of the precondition: exit code 1: not ready yet, try again later");
}
