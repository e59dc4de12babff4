#include "jobs/failure_signs.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>

#include "action_fixture.hpp"
#include "earlier_daemon.hpp"
#include "jobs/exec.hpp"

using namespace belfry;
using jobs::ExecSpec;
using jobs::FailureSigns;
using jobs::FailureWatch;
using jobs::Pattern;
using jobs::Stream;
using ledger::Outcome;

namespace {

FailureSigns matches(std::string_view expression) { return {.pattern = Pattern(expression)}; }

// What is said of a text that comes in pieces of that size.
std::string said_of(const FailureSigns& signs, std::string_view text, std::size_t piece) {
  FailureWatch watch(signs);
  for (std::size_t at = 0; at < text.size(); at += piece) watch.take(Stream::output, text.substr(at, piece));
  watch.end(Stream::output);
  return watch.sentence();
}

test::Ran run_with(FailureSigns signs, std::string command, std::size_t budget = 1000) {
  return test::run_action(
      jobs::make_exec({.command = std::move(command), .output_budget = budget, .failure_signs = std::move(signs)}));
}

}  // namespace

TEST_CASE("a line is found in whatever pieces it comes, and told with its stream", "[failure_signs]") {
  const std::string text = "all is well\nERROR: no room\nall is well again\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    CHECK(said_of(matches("^ERROR.*room$"), text, piece) ==
          R"(a line of its standard output matches "^ERROR.*room$": "ERROR: no room")");
    CHECK(said_of(matches("well.ERROR|well\nERROR"), text, piece).empty());  // never over the end of a line
  }
  CHECK(said_of(matches("the end$"), "this is the end", 4) ==
        R"(a line of its standard output matches "the end$": "this is the end")");
}

TEST_CASE("any bytes may come, and what is quoted of them is short and harmless", "[failure_signs]") {
  using namespace std::string_literals;
  CHECK(said_of(matches("bad"), "\0\xff\x1b[31mbad\n"s, 2) ==
        R"(a line of its standard output matches "bad": "\u0000\ufffd\u001b[31mbad")");
  const std::string far = std::string(5000, '-') + "bad" + std::string(5000, '+');
  CHECK(said_of(matches("bad"), far, 777) == "a line of its standard output matches \"bad\": ...\"" +
                                                 std::string(20, '-') + "bad" + std::string(57, '+') + "\"...");
}

TEST_CASE("of a line without an end each piece is looked at", "[failure_signs]") {
  const std::string dots(1'000'000, '.');
  CHECK_FALSE(said_of(matches("bad"), dots + "bad", 1000).empty());
  CHECK_FALSE(said_of(matches("^bad$"), "10%\r20%\rbad\r30%", 3).empty());  // a progress bar
  const std::string across = std::string(jobs::longest_judged_line - 1, '.') + "bad";
  CHECK(said_of(matches("bad"), across, 1000).empty());  // the bound that the documentation names
}

TEST_CASE("the first sign counts, and each stream has lines of its own", "[failure_signs]") {
  const FailureSigns signs = matches("bad");
  FailureWatch watch(signs);
  watch.take(Stream::output, std::string_view("b"));
  watch.take(Stream::error, std::string_view("ad\n"));
  CHECK(watch.sentence().empty());
  watch.take(Stream::error, std::string_view("first bad\n"));
  watch.take(Stream::output, std::string_view("second bad\n"));
  CHECK(watch.sentence() == R"(a line of its standard error matches "bad": "first bad")");
}

TEST_CASE("a good exit code is a failure when the output says so", "[failure_signs]") {
  const auto ran = run_with(matches("ERROR"), "echo ERROR: disk full >&2; echo done");
  CHECK(ran.outcome == Outcome::failure);
  CHECK(ran.report.exit_code == 0);
  CHECK(ran.report.message == R"(exit code 0, but a line of its standard error matches "ERROR": "ERROR: disk full")");
  CHECK(ran.output() == "done\n");
  CHECK(run_with(matches("ERROR"), "echo error").outcome == Outcome::success);
  CHECK(run_with(matches("ERROR"), "printf ERROR").outcome == Outcome::failure);  // without the end of its line
}

TEST_CASE("a stream that is to be silent may print nothing", "[failure_signs]") {
  const FailureSigns no_output{.standard_output = true};
  const FailureSigns no_error{.standard_error = true};
  CHECK(run_with(no_output, "echo trouble >&2").outcome == Outcome::success);
  CHECK(run_with(no_error, "echo hello").outcome == Outcome::success);
  CHECK(run_with(no_output, "echo").report.message == R"(exit code 0, but it printed on its standard output: "")");
  CHECK(run_with(no_error, "printf oh >&2").report.message ==
        R"(exit code 0, but it printed on its standard error: "oh")");
}

TEST_CASE("a bad exit code and a signal are told as ever", "[failure_signs]") {
  const FailureSigns any{.standard_output = true, .standard_error = true, .pattern = Pattern("x")};
  CHECK(run_with(any, "echo x; exit 3").report.message == "exit code 3");
  CHECK(run_with(any, "echo x; kill -KILL $$").outcome == Outcome::killed);
}

TEST_CASE("what the budget has dropped was looked at, too", "[failure_signs]") {
  const std::string lines = "head -c 200000 /dev/zero | tr '\\0' '\\n'; ";
  const auto ran = run_with(matches("needle"), lines + "echo a needle; " + lines);
  CHECK(ran.outcome == Outcome::failure);
  CHECK(ran.report.standard_output.dropped_bytes > 300'000);
  CHECK_THAT(ran.report.message, Catch::Matchers::EndsWith(R"("a needle")"));
}

TEST_CASE("output that comes from somebody else's hands after the end is not waited for, and what came is looked at",
          "[failure_signs]") {
  const auto ran = run_with(matches("half a line"), "setsid sleep 1000 & printf 'half a line'");
  CHECK(ran.outcome == Outcome::failure);
}

TEST_CASE("a sign is not forgotten when the daemon is killed, though its line has been dropped", "[failure_signs]") {
  test::TempDir folder;
  const std::string go = (folder / "go").string();
  REQUIRE(::mkfifo(go.c_str(), 0600) == 0);
  const io::Fd held(::open(go.c_str(), O_RDWR | O_CLOEXEC));
  const std::string lines = "head -c 200000 /dev/zero | tr '\\0' '\\n'; ";
  const auto action = jobs::make_exec({.command = lines + "echo a needle; " + lines + "echo >&2; read x <" + go,
                                       .output_budget = 20'000,
                                       .failure_signs = matches("needle")});
  test::EarlierDaemon daemon(action, true);
  auto* const words = reinterpret_cast<std::uint64_t*>(daemon.kept_error().data());
  while (std::atomic_ref(words[1]).load() < 1) ::sched_yield();  // it has read the other stream up to here
  auto* const printed = reinterpret_cast<std::uint64_t*>(daemon.kept_output().data());
  while (std::atomic_ref(printed[1]).load() < 400'009) ::sched_yield();
  daemon.kill();
  REQUIRE(::write(held.get(), "\n", 1) == 1);
  const auto adopted = async::run(test::adopt_it(action, daemon));
  CHECK(adopted.outcome == Outcome::failure);
  CHECK_THAT(adopted.report.message, Catch::Matchers::EndsWith(R"("a needle")"));
  CHECK_FALSE(adopted.output().contains("needle"));
}
