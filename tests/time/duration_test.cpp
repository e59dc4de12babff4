#include "time/duration.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

namespace belfry::time {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

ParseError duration_error(std::string_view text, const DurationOptions& options = {}) {
  const auto found = parse_duration(text, options);
  INFO(text);
  REQUIRE_FALSE(found.has_value());
  return found.error();
}

TEST_CASE("duration: every way of writing, told apart by its form") {
  CHECK(parse_duration("1h30m") == minutes{90});
  CHECK(parse_duration("90s") == seconds{90});
  CHECK(parse_duration("500ms") == milliseconds{500});
  CHECK(parse_duration("1h 30min") == minutes{90});
  CHECK(parse_duration("2 days") == hours{48});
  CHECK(parse_duration("PT1H30M") == minutes{90});
  CHECK(parse_duration("P1DT12H") == hours{36});
  CHECK(parse_duration("90") == seconds{90});
  CHECK(parse_duration("1.5") == milliseconds{1500});
  CHECK(parse_duration(" 5s ") == seconds{5});
}

TEST_CASE("duration: a bare number is seconds only when it is the whole text") {
  CHECK(duration_error("1h 30").message == "the number needs a unit");
  CHECK(duration_error("1h 30").hint == "for example 30s");
  CHECK(duration_error("10 20").offset == 2);
}

TEST_CASE("duration: an unknown unit is named, with the nearest one") {
  const ParseError error = duration_error("10 minuts");
  CHECK(error.message == "unknown unit \"minuts\"");
  CHECK(error.hint == "did you mean \"minute\"?");
  CHECK(error.offset == 3);
  CHECK(error.length == 6);
  CHECK(duration_error("5M").hint == "m is minutes; write months as \"month\"");
  CHECK(duration_error("1d", {.dialect = DurationDialect::go}).hint == "the units are ns, us, ms, s, m, h");
  CHECK(duration_error("P1Y").message == "years and months have no fixed length");
}

TEST_CASE("duration: what a key does not allow is refused") {
  CHECK(duration_error("-5s").message == "a duration must not be negative here");
  CHECK(duration_error("0s", {.allow_zero = false}).message == "a duration of zero is not accepted here");
  CHECK(duration_error("10ms", {.minimum = seconds{1}}).message == "the shortest duration accepted here is 1s");
  CHECK(duration_error("48h", {.maximum = hours{24}}).message == "the longest duration accepted here is 24h");
  CHECK(duration_error("").message == "a duration was expected");
}

TEST_CASE("duration: what is too long is refused, not cut") {
  for (const std::string_view text :
       {"300y", "9999999999999999999999999999h", "P99999999999W", "1e9s", "9223372036854775808ns"}) {
    duration_error(text);
  }
  CHECK(duration_error("300y").message == "a duration is at most about 292 years");
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "9999999999999999999y";
  duration_error(many);
}

TEST_CASE("duration: written in the shortest exact form and in words") {
  CHECK(format_duration(minutes{90}) == "1h30m");
  CHECK(format_duration(seconds{90}) == "1m30s");
  CHECK(format_duration(milliseconds{1500}) == "1.5s");
  CHECK(format_duration(Duration{1}) == "1ns");
  CHECK(format_duration(Duration{0}) == "0s");
  CHECK(format_duration(-hours{1}) == "-1h");
  CHECK(format_duration(hours{24} + seconds{1}) == "24h1s");
  CHECK(describe_duration(minutes{90}) == "1 hour 30 minutes");
  CHECK(describe_duration(seconds{10}) == "10 seconds");
  CHECK(describe_duration(hours{49}) == "2 days 1 hour");
  CHECK(describe_duration(milliseconds{1500}) == "1.5 seconds");
  CHECK(describe_duration(milliseconds{20}) == "20 milliseconds");
}

TEST_CASE("duration: what is written is read back") {
  std::mt19937_64 random(5);
  const DurationOptions options{.allow_negative = true};
  for (int round = 0; round < 2'000; ++round) {
    const Duration value(static_cast<Duration::rep>(random()) >> (random() % 60));
    CHECK(parse_duration(format_duration(value), options) == value);
  }
  CHECK(parse_duration(format_duration(Duration::min()), options) == Duration::min());
  CHECK(parse_duration(format_duration(Duration::max()), options) == Duration::max());
}

TEST_CASE("duration: any bytes are either a duration or an error inside of the text") {
  std::mt19937_64 random(13);
  const std::string alphabet = "0123456789.-+PTDHMSWptns hmusdayek\xC2\xB5\xCE\xBC";
  for (int round = 0; round < 15'000; ++round) {
    std::string text;
    for (std::size_t n = random() % 16; n > 0; --n) text += alphabet[random() % alphabet.size()];
    const auto found = parse_duration(text);
    if (!found && (found.error().offset > text.size() || found.error().length > text.size() - found.error().offset)) {
      FAIL_CHECK("outside of " << text);
    }
  }
}

}  // namespace
}  // namespace belfry::time
