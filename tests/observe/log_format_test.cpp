#include "observe/log_format.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <limits>

namespace belfry::observe {
namespace {

using namespace std::chrono_literals;

/// Sets TZ for one test case.
struct Zone {
  explicit Zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Zone() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

const std::chrono::sys_time<std::chrono::nanoseconds> kNoon{1700000000123ms};  // 2023-11-14 22:13:20.123 UTC

std::string line(LogFormat as, std::string_view message, const LogFields& fields, LogLevel level = LogLevel::info) {
  return format({.at = kNoon, .level = level, .message = message, .fields = fields}, as);
}

TEST_CASE("text names the local time with its offset, the level, the message and the fields") {
  const Zone zone("Asia/Kolkata");
  CHECK(line(LogFormat::text, "run ended", {{"job", "backup"}, {"run", 12}, {"took", 1.5}, {"late", false}}) ==
        "2023-11-15 03:43:20.123 +0530 INFO  run ended  job=backup run=12 took=1.5 late=false\n");
}

TEST_CASE("JSON is one object per line with an RFC 3339 time") {
  const Zone zone("America/New_York");
  CHECK(
      line(LogFormat::json, "run ended", {{"job", "backup"}, {"run", 12}}, LogLevel::warning) ==
      "{\"time\":\"2023-11-14T17:13:20.123-05:00\",\"level\":\"warning\",\"message\":\"run ended\",\"job\":\"backup\","
      "\"run\":12}\n");
}

TEST_CASE("the journal gets a priority and no time") {
  CHECK(line(LogFormat::journal, "a", {}, LogLevel::debug) == "<7>a\n");
  CHECK(line(LogFormat::journal, "a", {}, LogLevel::info) == "<6>a\n");
  CHECK(line(LogFormat::journal, "a", {}, LogLevel::warning) == "<4>a\n");
  CHECK(line(LogFormat::journal, "a", {{"job", "b c"}}, LogLevel::error) == "<3>a  job=\"b c\"\n");
}

TEST_CASE("what others wrote cannot break out of its line or colour the terminal") {
  const LogFields fields{{"reason", "a\nFAKE \x1b[31m \"quoted\" \\ \xff\xc0\xaf \xed\xa0\x80 \xe2\x82\xac"}};
  const std::string replaced = "\xEF\xBF\xBD";
  const std::string expected = "\"a\\nFAKE \\u001b[31m \\\"quoted\\\" \\\\ " + replaced + replaced + replaced + " " +
                               replaced + replaced + replaced + " \xe2\x82\xac\"";
  CHECK(line(LogFormat::journal, "m", fields) == "<6>m  reason=" + expected + "\n");
  CHECK(line(LogFormat::json, "m", fields).ends_with("\"reason\":" + expected + "}\n"));
}

TEST_CASE("a long line is cut, and JSON stays an object") {
  const std::string text = line(LogFormat::text, std::string(100'000, 'x'), {});
  CHECK(text.size() <= 8193);
  const std::string json = line(LogFormat::json, "m", {{"long", std::string(100'000, 'x')}, {"run", 1}});
  CHECK(json.size() <= 8194);
  CHECK(json.ends_with("\"run\":1}\n"));
}

TEST_CASE("a number that JSON does not know becomes null") {
  CHECK(line(LogFormat::json, "m", {{"x", std::numeric_limits<double>::infinity()}}).ends_with("\"x\":null}\n"));
}

TEST_CASE("a span is told in the units that a person would choose") {
  CHECK(human_duration(8ms) == "8 ms");
  CHECK(human_duration(12300ms) == "12.3 s");
  CHECK(human_duration(245s) == "4 min 5 s");
  CHECK(human_duration(200min) == "3 h 20 min");
  CHECK(human_duration(51h) == "2 d 3 h");
}

}  // namespace
}  // namespace belfry::observe
