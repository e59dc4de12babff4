#include "time/instant.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "time_text.hpp"

namespace belfry::time {
namespace {

using test::at;
using test::zone;

const Zone here = zone("Europe/Berlin");
const WallTime now = parse_time("2026-11-20T18:08:59Z", Zone()).value();  // 19:08:59 in Berlin, a Friday

std::string read(std::string_view text, std::optional<WallTime> reference = now) {
  const auto found = parse_time(text, here, reference);
  return found ? format_time(*found, here) : to_string(found.error());
}

TEST_CASE("instant: written with the offset, and in UTC with Z") {
  CHECK(format_time(now, here) == "2026-11-20 19:08:59 +01:00");
  CHECK(format_utc(now) == "2026-11-20T18:08:59Z");
  CHECK(format_time(now + std::chrono::milliseconds{500}, zone("America/St_Johns")) == "2026-11-20 14:38:59.5 -03:30");
  CHECK(format_utc(WallTime(Duration(-1))) == "1969-12-31T23:59:59.999999999Z");
}

TEST_CASE("instant: full dates with an offset, a zone or neither") {
  CHECK(read("2026-12-31T23:59:00Z") == "2027-01-01 00:59:00 +01:00");
  CHECK(read("2026-12-31 23:59:00 -05:00") == "2027-01-01 05:59:00 +01:00");
  CHECK(read("2026-12-31T23:59:00+0100") == "2026-12-31 23:59:00 +01:00");
  CHECK(read("2026-12-31 23:59 Asia/Tokyo") == "2026-12-31 15:59:00 +01:00");
  CHECK(read("2026-12-31 23:59") == "2026-12-31 23:59:00 +01:00");
  CHECK(read("2026-12-31 23:59:00.25") == "2026-12-31 23:59:00.25 +01:00");
  CHECK(read("  2026-07-01  ") == "2026-07-01 00:00:00 +02:00");
  CHECK(read("@1798761540") == "2027-01-01 00:59:00 +01:00");
}

TEST_CASE("instant: relative forms count from the given now") {
  CHECK(read("now") == "2026-11-20 19:08:59 +01:00");
  CHECK(read("23:59") == "2026-11-20 23:59:00 +01:00");
  CHECK(read("08:00") == "2026-11-21 08:00:00 +01:00");
  CHECK(read("19:08:59") == "2026-11-21 19:08:59 +01:00");
  CHECK(read("19:00 UTC") == "2026-11-20 20:00:00 +01:00");
  CHECK(read("12:00 Pacific/Auckland") == "2026-11-21 00:00:00 +01:00");
  CHECK(read("today 23:59") == "2026-11-20 23:59:00 +01:00");
  CHECK(read("tomorrow 02:00") == "2026-11-21 02:00:00 +01:00");
  CHECK(read("tomorrow") == "2026-11-21 00:00:00 +01:00");
  CHECK(read("mon 09:00") == "2026-11-23 09:00:00 +01:00");
  CHECK(read("Friday 09:00") == "2026-11-27 09:00:00 +01:00");
  CHECK(read("in 10m") == "2026-11-20 19:18:59 +01:00");
  CHECK(read("+1h30m") == "2026-11-20 20:38:59 +01:00");
}

TEST_CASE("instant: without a now, a relative form is refused") {
  for (const std::string_view text : {"23:59", "tomorrow 02:00", "in 10m", "+5m", "now"}) {
    CHECK(read(text, std::nullopt).starts_with("a date was expected here"));
  }
}

TEST_CASE("instant: a skipped local time is refused with its neighbours, of a repeated one the first is taken") {
  CHECK(read("2026-03-29 02:30") ==
        "2026-03-29 02:30:00 does not exist in Europe/Berlin: the clock is set forward then; the clock goes from "
        "2026-03-29 01:59:59 +01:00 to 2026-03-29 03:00:00 +02:00");
  CHECK(read("2027-10-31 02:30") == "2027-10-31 02:30:00 +02:00");
}

TEST_CASE("instant: errors point at the wrong place") {
  const auto error = [](std::string_view text) { return parse_time(text, here, now).error(); };
  CHECK(error("2026-02-30 10:00").message == "this date does not exist");
  CHECK(error("2026-12-31 25:00").offset == 11);
  CHECK(error("2026-12-31 10:00 Europe/Berln").offset == 17);
  CHECK(error("2026-12-31 10:00 Europe/Berln").hint == "did you mean \"Europe/Berlin\"?");
  CHECK(error("in 10x").offset == 5);
  CHECK(error("in 10x").message == "unknown unit \"x\"");
  CHECK(error("someday").offset == 0);
  CHECK(error("26-12-31").message == "a year of four digits was expected");
  CHECK(error("9999-12-31").message == "years from 1900 to 2199 are accepted");
  CHECK(error("").message == "a time was expected");
}

TEST_CASE("instant: what is written is read back, in every zone") {
  std::mt19937_64 random(3);
  for (const char* name : {"UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns"}) {
    const Zone where = zone(name);
    for (int round = 0; round < 200; ++round) {
      const WallTime instant(std::chrono::seconds(random() % 7'000'000'000ULL));
      CHECK(parse_time(format_time(instant, where), Zone()) == instant);
      CHECK(parse_time(format_utc(instant), Zone()) == instant);
    }
  }
}

TEST_CASE("instant: any bytes are either a time or an error inside of the text") {
  std::mt19937_64 random(11);
  const std::string alphabet = "0123456789:-+.TZ@ intodaymrwEurope/Berlin\x80";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::size_t n = random() % 24; n > 0; --n) text += alphabet[random() % alphabet.size()];
    const auto found = parse_time(text, here, now);
    if (!found && (found.error().offset > text.size() || found.error().length > text.size() - found.error().offset)) {
      FAIL_CHECK("outside of " << text);
    }
  }
}

TEST_CASE("instant: a delay that ends behind the year 2199 is refused, as such a date is") {
  const WallTime start = at("2026-11-20T19:00:00Z");
  CHECK(parse_time("+173y", Zone(), start));
  const auto refused = parse_time("+180 years", Zone(), start);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "the time lies after the year 2199");
}

}  // namespace
}  // namespace belfry::time
