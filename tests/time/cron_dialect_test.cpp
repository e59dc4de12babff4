#include <bit>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "time/cron.hpp"

namespace belfry::time {
namespace {

std::string hint_of(std::string_view text, CronDialect dialect) {
  const auto cron = parse_cron(text, dialect);
  INFO(text);
  REQUIRE_FALSE(cron.has_value());
  return cron.error().hint;
}

TEST_CASE("cron: cronie's ~ is a value of the range that the key chooses; other dialects refuse it") {
  const auto minute = [](std::string_view text, std::string_view key) {
    const CronFields fields = parse_cron(text, CronDialect::cronie, key).value().fields();
    CHECK(std::has_single_bit(fields.minutes));
    return static_cast<unsigned>(std::countr_zero(fields.minutes));
  };
  std::set<unsigned> seen;
  for (int n = 0; n < 200; ++n) {
    const unsigned value = minute("10~19 * * * *", "job" + std::to_string(n));
    CHECK((value >= 10 && value <= 19));
    seen.insert(value);
    CHECK(minute("~9 * * * *", "job" + std::to_string(n)) <= 9);
    CHECK(minute("50~ * * * *", "job" + std::to_string(n)) >= 50);
  }
  CHECK(seen.size() == 10);
  CHECK(minute("~ * * * *", "backup") == minute("0~59 * * * *", "backup"));
  CHECK(hint_of("~ * * * *", CronDialect::cronie) == "~ needs the name of a job");
  CHECK_FALSE(parse_cron("0~9 * * * *", CronDialect::vixie, "job").has_value());
  CHECK_FALSE(parse_cron("9~1 * * * *", CronDialect::cronie, "job").has_value());
  CHECK_FALSE(parse_cron("0~30/10 * * * *", CronDialect::cronie, "job").has_value());
  CHECK_FALSE(parse_cron("0 0 1 1 * 2030", CronDialect::cronie).has_value());
}

TEST_CASE("cron: with the year last six fields have no seconds, seven have them") {
  const auto six = parse_cron("0 12 25 12 * 2030", CronDialect::year_last).value();
  CHECK(six == parse_cron("0 0 12 25 12 * 2030", CronDialect::year_last).value());
  CHECK(six.describe() == "at 12:00 on day 25 of the month in December in 2030");
}

TEST_CASE("cron: in Jenkins both day fields must match, and nicknames choose their time by the key") {
  const Cron both = parse_cron("0 0 13 * 5", CronDialect::jenkins).value();
  CHECK(both == parse_cron("0 0 13 * +5").value());
  CHECK(parse_cron("@daily", CronDialect::jenkins, "backup").value() ==
        parse_cron("H H * * *", CronDialect::standard, "backup").value());
  CHECK(parse_cron("@daily", CronDialect::jenkins).value() == parse_cron("0 0 * * *").value());
}

TEST_CASE("cron: every dialect has a name that finds it") {
  REQUIRE(cron_dialect_names().size() == 7);
  for (const std::string_view name : cron_dialect_names()) CHECK(to_string(cron_dialect_from(name).value()) == name);
  CHECK_FALSE(cron_dialect_from("klingon").has_value());
}

TEST_CASE("cron: six fields that can be read in two ways are told of, with both readings") {
  const auto note = other_reading("0 2 * * * *", CronDialect::standard);
  REQUIRE(note);
  CHECK(
      note->message ==
      "six fields are read with the seconds in front: at minute 2 of every hour; other programs read them with a year "
      "behind: at 02:00");
  CHECK(note->hint.find("cron_dialect: ocps") != std::string::npos);
  CHECK(other_reading("0 2 * * * *", CronDialect::year_last));
  CHECK_FALSE(other_reading("0 30 2 * * *", CronDialect::standard));  // there is no hour 30
  CHECK_FALSE(other_reading("0 2 * * *", CronDialect::standard));
  CHECK_FALSE(other_reading("0 2 * * * 2030", CronDialect::year_last));  // there is no weekday 2030
  CHECK_FALSE(other_reading("0 0 12 * * ?", CronDialect::quartz));
}

TEST_CASE("cron: Quartz counts Sunday as 1, wraps ranges and needs a question mark") {
  CHECK(parse_cron("0 0 12 ? * 1", CronDialect::quartz).value() == parse_cron("0 0 12 * * SUN").value());
  CHECK(parse_cron("0 0 22-2 * * ?", CronDialect::quartz).value() == parse_cron("0 0 22,23,0-2 * * *").value());
  CHECK(hint_of("0 0 12 * * 1", CronDialect::quartz) == "put ? into the one that does not matter");
}

TEST_CASE("cron: the canonical text says the same, and what means the same has the same text") {
  const auto normal = [](std::string_view text, CronDialect dialect = CronDialect::standard) {
    const Cron cron = parse_cron(text, dialect).value();
    const auto again = parse_cron(cron.normalise());
    INFO(text << " is " << cron.normalise());
    REQUIRE(again);
    CHECK(*again == cron);
    CHECK(again->normalise() == cron.normalise());
    return cron.normalise();
  };
  CHECK(normal("00 02 * * MON-FRI") == "0 2 * * 1-5");
  CHECK(normal("*/5 * * * *") == "*/5 * * * *");
  CHECK(normal("0-59/5 0-23 * * *") == "0-55/5 0-23 * * *");  // not the same: the clock's change is another matter
  CHECK(normal("0,5,10 0 * * *") == "0-10/5 0 * * *");
  CHECK(normal("1,2,3,7 */2,3 1-31 JAN-DEC 0-7") == "1-3,7 */2,3 * * *");
  CHECK(normal("0 0 12 ? * 2-6", CronDialect::quartz) == "0 12 * * 1-5");
  CHECK(normal("0 0 */10 * SUN", CronDialect::vixie) == "0 0 1-31/10 * +0");
  CHECK(normal("0 0 13 * FRI") == "0 0 13 * 5");
  CHECK(normal("0 0 L,L-2,LW,15W * 5L,1#2") == "0 0 L,L-2,15W,LW * 1#2,5L");
  CHECK(normal("* * * * * *") == "* * * * * *");
  CHECK(normal("30 0 0 1 1 * 2030-2032,2040") == "30 0 0 1 1 * 2030-2032,2040");
  CHECK(normal("0 0 0 1 1 * 2030") == "0 0 0 1 1 * 2030");
  CHECK(normal("*/60 3 * * *") == "*/60 3 * * *");
  CHECK(normal("*/7,3 2 * * *") == "*/7,3 2 * * *");
}

}  // namespace
}  // namespace belfry::time
