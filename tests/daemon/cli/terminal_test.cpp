#include "daemon/cli/terminal.hpp"

#include <catch2/catch.hpp>

namespace belfry::daemon::cli {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a time is told by how far off it is") {
  const time::WallTime now{1000000s};
  CHECK(relative(now, now) == "now");
  CHECK(relative(now + 12s, now) == "in 12 s");
  CHECK(relative(now - 12s, now) == "12 s ago");
  CHECK(relative(now + 59800ms, now) == "in 1 min");
  CHECK(relative(now + 125s, now) == "in 2 min 5 s");
  CHECK(relative(now - 200min, now) == "3 h 20 min ago");
  CHECK(relative(now + 51h, now) == "in 2 d 3 h");
}

TEST_CASE("spans and sizes take the unit that fits") {
  CHECK(span(0.0081) == "8 ms");
  CHECK(span(1.24) == "1.2 s");
  CHECK(span(42.4) == "42 s");
  CHECK(span(3600) == "1 h");
  CHECK(bytes(12) == "12 B");
  CHECK(bytes(3482) == "3.4 KiB");
  CHECK(bytes(5e9) == "4.7 GiB");
}

TEST_CASE("a table aligns by characters, and nothing in it reaches the terminal as a command") {
  Table table({"JOB", "STATE"});
  table.add({"käse", "idle"});
  table.add({"x\x1b[31m", {"running", Colour::green}});
  CHECK(table.text(Style(false)) == "JOB     STATE\nkäse    idle\nx?[31m  running\n");
  CHECK(table.text(Style(true)).find("\x1b[32mrunning\x1b[0m") != std::string::npos);
}

TEST_CASE("what a program printed cannot command the terminal") {
  CHECK(harmless("a\tb\n\x1b[2J\r\x7f") == "a\tb\n\\x1b[2J\\x0d\\x7f");
  CHECK(harmless("k\xC3\xA4se \xC2\x9B"
                 "31m") == "k\xC3\xA4se \\x9b31m");
  CHECK(harmless("\xC2") == "\xC2");
}

TEST_CASE("a sentence gets its full stop once") {
  CHECK(as_sentence("it ended") == "it ended.");
  for (const char* const text : {"it ended.", "is it there?", "no!"}) CHECK(as_sentence(text) == text);
}

}  // namespace
}  // namespace belfry::daemon::cli
