// Holidays from iCalendar files: what is a day off, what is refused, and that nothing hangs.
#include "time/ics.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "time/ics_rule.hpp"

namespace belfry::time {
namespace {

using std::chrono::days;
using Texts = std::vector<std::string>;

std::string calendar(const std::string& events) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + events + "END:VCALENDAR\r\n";
}

std::string event(const std::string& properties) { return "BEGIN:VEVENT\r\n" + properties + "END:VEVENT\r\n"; }

IcsCalendar read_ics(const std::string& text) {
  const auto result = parse_ics(text);
  if (!result) FAIL(result.error().line << ": " << result.error().message);
  return *result;
}

/// The days off of some years.
Texts days_in(const DaySet& set, int first, int last) {
  Texts found;
  const LocalDay end(std::chrono::year{last} / 12 / 31);
  for (LocalDay day(std::chrono::year{first} / 1 / 1); day <= end; day += days{1}) {
    if (set.contains(day)) found.push_back(format_date(day));
  }
  return found;
}

Texts days_of_rule(const std::string& start, const std::string& rule, int first, int last) {
  return days_in(read_ics(calendar(event("DTSTART;VALUE=DATE:" + start + "\r\nRRULE:" + rule + "\r\n"))).days, first,
                 last);
}

void check_refused(const std::string& text, std::size_t line, const std::string& message) {
  INFO(text.substr(0, 300));
  const auto result = parse_ics(text);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().line == line);
  CHECK(result.error().message == message);
}

}  // namespace

TEST_CASE("ics: all-day events are days off, DTEND is not part of them") {
  const auto found =
      read_ics("\xEF\xBB\xBF" + calendar(event("UID:1\r\nDTSTART;VALUE=DATE:20261225\r\n") +
                                         event("DTSTART;VALUE=DATE:20261228\r\nDTEND;VALUE=DATE:20261231\r\n") +
                                         event("DTSTART;VALUE=DATE:20270301\r\nDURATION:P1W\r\n") +
                                         event("DTSTART;TZID=Europe/Berlin:20270501T000000\r\n"
                                               "DTEND;TZID=Europe/Berlin:20270502T000000\r\n")));
  CHECK(days_in(found.days, 2026, 2027) == Texts{"2026-12-25", "2026-12-28", "2026-12-29", "2026-12-30", "2027-03-01",
                                                 "2027-03-02", "2027-03-03", "2027-03-04", "2027-03-05", "2027-03-06",
                                                 "2027-03-07", "2027-05-01"});
  CHECK(found.events == 4);
  CHECK(found.last_finite == LocalDay(std::chrono::year{2027} / 5 / 1));
}

TEST_CASE("ics: events with a time of day and cancelled ones are no days off, and are counted") {
  const auto found = read_ics(calendar(event("DTSTART:20261225T090000Z\r\nRRULE:FREQ=HOURLY\r\n") +
                                       event("RRULE:FREQ=MINUTELY\r\nDTSTART;TZID=Europe/Berlin:20261225T090000\r\n") +
                                       event("DTSTART;VALUE=DATE:20261226\r\nSTATUS:CANCELLED\r\n")));
  CHECK(found.days.empty());
  CHECK(found.timed_events == 2);
  CHECK(found.events == 0);
}

TEST_CASE("ics: folds, letter case, quotes, other components and alarms") {
  const auto found = read_ics(
      "begin:vcalendar\nX-WR-CALNAME:a\n \n\tb\nBEGIN:VTIMEZONE\nBEGIN:STANDARD\nDTSTART:19701025T030000\n"
      "RRULE:FREQ=SECONDLY\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nSUMMARY;ALTREP=\"a:b;c\":x: y\n"
      "DTSTART;VALUE=DATE:2026\n 12\n 25\nBEGIN:VALARM\nTRIGGER:-PT15M\nDURATION:PT1H\nEND:VALARM\nEND:VEVENT\n"
      "end:vcalendar\n\n");
  CHECK(days_in(found.days, 2026, 2026) == Texts{"2026-12-25"});
}

TEST_CASE("ics: recurrences by the year, month, week and day") {
  CHECK(days_of_rule("20200101", "FREQ=YEARLY", 2026, 2027) == Texts{"2026-01-01", "2027-01-01"});
  CHECK(days_of_rule("20201126", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", 2026, 2028) ==
        Texts{"2026-11-26", "2027-11-25", "2028-11-23"});
  CHECK(days_of_rule("20200525", "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", 2026, 2027) == Texts{"2026-05-25", "2027-05-31"});
  CHECK(days_of_rule("20200229", "FREQ=YEARLY", 2021, 2032) == Texts{"2024-02-29", "2028-02-29", "2032-02-29"});
  CHECK(days_of_rule("20200101", "FREQ=YEARLY;INTERVAL=4;COUNT=3", 2000, 2100) ==
        Texts{"2020-01-01", "2024-01-01", "2028-01-01"});
  CHECK(days_of_rule("20261231", "FREQ=MONTHLY;UNTIL=20270531T000000Z", 2026, 2030) ==
        Texts{"2026-12-31", "2027-01-31", "2027-03-31", "2027-05-31"});
  CHECK(days_of_rule("20261130", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=4", 2026, 2030) ==
        Texts{"2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"});
  CHECK(days_of_rule("20261130", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3", 2026, 2030) ==
        Texts{"2026-11-30", "2026-12-31", "2027-01-29"});
  CHECK(days_of_rule("20261125", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=4", 2026, 2030) ==
        Texts{"2026-11-25", "2026-12-07", "2026-12-09", "2026-12-21"});
  CHECK(days_of_rule("20261224", "FREQ=DAILY;COUNT=3", 2026, 2030) == Texts{"2026-12-24", "2026-12-25", "2026-12-26"});
  CHECK(days_of_rule("20200913", "FREQ=YEARLY;BYYEARDAY=256;UNTIL=20281231", 2027, 2030) ==
        Texts{"2027-09-13", "2028-09-12"});
}

TEST_CASE("ics: RFC 5545's example of what the start of the week changes") {
  CHECK(days_of_rule("19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", 1997, 1997) ==
        Texts{"1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"});
  CHECK(days_of_rule("19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", 1997, 1997) ==
        Texts{"1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"});
}

TEST_CASE("ics: exceptions, additions, and instances that are replaced") {
  const auto found = read_ics(calendar(
      event("UID:a\r\nDTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20270101,20280101\r\n"
            "RDATE;VALUE=DATE:20270202\r\n") +
      event("UID:a\r\nRECURRENCE-ID;VALUE=DATE:20290101\r\nDTSTART;VALUE=DATE:20290103\r\n") +
      event("UID:a\r\nRECURRENCE-ID;VALUE=DATE:20300101\r\nDTSTART;VALUE=DATE:20300101\r\nSTATUS:CANCELLED\r\n")));
  CHECK(days_in(found.days, 2026, 2031) == Texts{"2026-01-01", "2027-02-02", "2029-01-03", "2031-01-01"});
  CHECK(found.last_finite == LocalDay(std::chrono::year{2029} / 1 / 3));
}

TEST_CASE("ics: what cannot be understood is refused with its line") {
  const auto in_event = [](const std::string& line) {
    return calendar(event("DTSTART;VALUE=DATE:20261225\r\n" + line));
  };
  check_refused("", 1, "an iCalendar file begins with BEGIN:VCALENDAR, and this one is empty");
  check_refused("<html>\n", 1, "a line of iCalendar is NAME:VALUE, not \"<html>\"");
  check_refused("<html a:b>\n", 1, "an iCalendar file begins with BEGIN:VCALENDAR");
  check_refused("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260101\r\n", 3, "the file ends inside of \"VEVENT\"");
  check_refused("BEGIN:VCALENDAR\nEND:VEVENT\n", 2, "the end of \"VEVENT\", which has not begun");
  check_refused(calendar(event("")), 3, "this event has no DTSTART");
  check_refused(calendar(event("DTSTART;VALUE=DATE:20260230\r\n")), 4,
                "DTSTART takes a date from 1900 to 2199 such as 20261224, not \"20260230\"");
  check_refused(in_event("DTEND;VALUE=DATE:20261224\r\n"), 3, "this event ends before it begins");
  check_refused(in_event("DTEND;VALUE=DATE:21261224\r\n"), 3, "this event lasts longer than ten years");
  check_refused(in_event("RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\r\n"), 5,
                "RRULE: FREQ takes YEARLY, MONTHLY, WEEKLY or DAILY for all-day events, not \"SECONDLY\"");
  check_refused(in_event("RRULE:FREQ=DAILY;INTERVAL=0\r\n"), 5, "RRULE: INTERVAL takes a number from 1 on, not \"0\"");
  check_refused(in_event("RRULE:FREQ=DAILY;COUNT=99999999999999999999\r\n"), 5,
                "RRULE: COUNT takes a number from 1 to 1000000000, not \"99999999999999999999\"");
  check_refused(in_event("RRULE:FREQ=DAILY;COUNT=1;UNTIL=20270101\r\n"), 5,
                "RRULE: a rule has COUNT or UNTIL, not both");
  check_refused(in_event("RRULE:FREQ=YEARLY;BYWEEKNO=20\r\n"), 5,
                "RRULE: \"BYWEEKNO\" is not supported in the rule of an all-day event");
  check_refused(in_event("RRULE:FREQ=WEEKLY;BYDAY=2MO\r\n"), 5,
                "RRULE: the nth weekday needs FREQ=MONTHLY or FREQ=YEARLY");
  check_refused(in_event("RRULE:FREQ=YEARLY;FREQ=DAILY\r\n"), 5, "RRULE: \"FREQ\" is given twice");
  check_refused(in_event("RRULE:INTERVAL=2\r\n"), 5, "RRULE: a rule needs FREQ");
  check_refused(in_event("EXRULE:FREQ=YEARLY\r\n"), 5, "EXRULE is not supported: write the exceptions as EXDATE");
  check_refused(in_event("EXDATE;VALUE=DATE:20270101,nonsense\r\n"), 5,
                "EXDATE takes a date from 1900 to 2199 such as 20261224, not \"nonsense\"");
  check_refused("BEGIN:VCALENDAR\nCALSCALE:JULIAN\nEND:VCALENDAR\n", 2, "only the Gregorian calendar is supported");
}

TEST_CASE("ics: a hostile file ends soon and takes little") {
  CHECK(days_of_rule("19000101", "FREQ=DAILY;COUNT=1000000000", 2199, 2199).size() == 365);
  CHECK(days_of_rule("20260101", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 2026, 2199) == Texts{"2026-01-01"});
  CHECK(days_of_rule("20260101", "FREQ=DAILY;INTERVAL=1000000", 2026, 2199) == Texts{"2026-01-01"});
  std::string nested = "BEGIN:VCALENDAR\n";
  for (int i = 0; i < 100'000; ++i) nested += "BEGIN:A\n";
  check_refused(nested, 17, "components are nested too deeply");
  std::string folded = "BEGIN:VCALENDAR\nX:1\n";
  for (int i = 0; i < 500'000; ++i) folded += " \n";
  CHECK(read_ics(folded + "END:VCALENDAR\n").days.empty());
  std::string many;
  while (many.size() < longest_ics - 1000) many += event("DTSTART:19000101\r\nRRULE:FREQ=DAILY\r\n");
  const auto result = parse_ics(calendar(many));
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().message == "the rules of this file stand for too many dates");
  CHECK_FALSE(parse_ics(std::string(longest_ics + 1, '\n')).has_value());
}

}  // namespace belfry::time
