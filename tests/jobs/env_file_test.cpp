// Files of variables: the dialect, and what is told about a mistake.
#include "jobs/env_file.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "async/run.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using jobs::EnvFile;
using jobs::Variables;

namespace {

Variables parsed(std::string_view text) {
  const auto variables = jobs::parse_env_file(text, "x.env");
  if (!variables) FAIL(variables.error());
  return *variables;
}

std::string problem(std::string_view text) {
  const auto variables = jobs::parse_env_file(text, "x.env");
  return variables ? "accepted" : variables.error();
}

}  // namespace

TEST_CASE("a value is what stands behind the =, without the blanks around it", "[env_file]") {
  CHECK(parsed("A=1\n  B = two words \t\r\nC=\nD=a=b # no comment\nA=2") ==
        Variables{{"A", "2"}, {"B", "two words"}, {"C", ""}, {"D", "a=b # no comment"}});
  CHECK(parsed("# A=1\n ;B=2\n\n   \n").empty());
  CHECK(parsed("").empty());
  CHECK(parsed("\xEF\xBB\xBF"
               "A=1") == Variables{{"A", "1"}});
}

TEST_CASE("quotations keep blanks, line ends and marks", "[env_file]") {
  CHECK(parsed(R"(A=' $x "y" \n ')").at("A") == R"( $x "y" \n )");
  CHECK(parsed(R"(A=" \$x \"y\" \\ \` \n ' ")").at("A") == R"( $x "y" \ ` \n ' )");
  CHECK(parsed("A='one\ntwo'\nB=\"three\\\nfour\"") == Variables{{"A", "one\ntwo"}, {"B", "threefour"}});
  CHECK(parsed(R"(A="a b"'c d' e )").at("A") == "a bc de");
  CHECK(parsed("A=it's \"so\"").at("A") == "it's \"so\"");
}

TEST_CASE("a backslash takes the next character as it is, and joins lines", "[env_file]") {
  CHECK(parsed("A=a\\ \\\\\\nb\\\nc\nB=x") == Variables{{"A", "a \\nbc"}, {"B", "x"}});
  CHECK(parsed("A=a\\").at("A") == "a");
}

TEST_CASE("a mistake is told with its line, and without the value", "[env_file]") {
  CHECK(problem("A=1\nhunter2\n") == "x.env:2: this is no NAME=VALUE");
  CHECK(problem("export A=1") == "x.env:1: \"export\" is for shells: leave it out");
  CHECK(problem("A='x\ny'\n\n1A=1") == "x.env:4: before the = stands no name of letters, digits and _");
  CHECK(problem("=1") == "x.env:1: before the = stands no name of letters, digits and _");
  CHECK(problem("BELFRY_RUN_ID=1") == "x.env:1: names that begin with BELFRY_ are set by belfry itself");
  CHECK(problem("\nA=\"hunter2\nB=3") == "x.env:2: the quotation of A has no end");
  CHECK(problem(std::string_view("A=a\0b", 5)) == "x.env:1: the value of A has a NUL byte");
}

TEST_CASE("of several files the last one wins, and one that is optional may be missing", "[env_file]") {
  test::TempDir dir;
  const auto path = [&](const char* name) { return (dir / name).string(); };
  std::ofstream(path("one")) << "A=1\nB=1\n";
  std::ofstream(path("two")) << "B=2\n";
  const auto read = [&](std::vector<EnvFile> files) { return async::run(jobs::read_env_files(std::move(files))); };
  const auto both = read({{.path = path("one")}, {.path = path("two")}, {.path = path("none"), .optional = true}});
  CHECK(both->all == Variables{{"A", "1"}, {"B", "2"}});
  CHECK(both->secret.empty());
  const auto secret = read({{.path = path("one"), .secret = true}, {.path = path("two")}});
  CHECK(secret->all == both->all);
  CHECK(secret->secret == Variables{{"A", "1"}, {"B", "1"}});
  CHECK(read({{.path = path("none")}}).error() ==
        "env_file: cannot open " + path("none") +
            ": No such file or directory; create it, or say \"optional: true\" of it if it may be missing");
  CHECK_THAT(read({{.path = dir.path().string(), .optional = true}}).error(), Catch::Contains("no ordinary file"));
}

TEST_CASE("what never ends and what is too large is refused, and not waited for", "[env_file]") {
  test::TempDir dir;
  const std::string fifo = (dir / "fifo").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const auto read = [](const std::string& path) { return async::run(jobs::read_env_files({{.path = path}})); };
  CHECK(read(fifo).error() == "env_file: " + fifo + ": this is no ordinary file");
  CHECK(read("/dev/zero").error() == "env_file: /dev/zero: this is no ordinary file");
  const std::string large = (dir / "large").string();
  std::ofstream(large) << "A=" << std::string(jobs::largest_env_file, 'x');
  CHECK(read(large).error() == "env_file: " + large + ": more than 1M, which is no file of variables");
}
