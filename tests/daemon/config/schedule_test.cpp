// The keys that say when a job is due, from the file to the trigger: what fires, what is refused and where.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "case_file.hpp"
#include "daemon/config/catalog_builder.hpp"
#include "daemon/config/load_config.hpp"
#include "support/temp_dir.hpp"
#include "time/instant.hpp"

using namespace belfry;
using namespace belfry::daemon;
using Texts = std::vector<std::string>;

namespace {

const time::WallTime started = time::parse_time("2026-11-20T12:00:00Z", {}).value();

LoadResult parse(const std::string& text, const std::filesystem::path& folder = "/etc/belfry") {
  return parse_config(text, "test.yaml", folder, {.started = started});
}

Config load(const std::string& text) {
  auto result = parse(text);
  if (!result) FAIL(format_errors(result.error()));
  return std::move(*result);
}

std::string errors(const std::string& text) {
  const auto result = parse(text);
  return result ? "" : daemon::testing::shown(result.error());
}

/// A job "a" with some keys, each on a line of its own.
std::string job(const std::string& keys) {
  std::string text = "timezone: Europe/Berlin\njobs:\n  a:\n    command: x\n";
  for (std::size_t at = 0; at < keys.size();) {
    const auto end = std::min(keys.find('\n', at), keys.size());
    text += "    " + keys.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return text;
}

/// The first fires after a time, in the zone of the job.
Texts fires(const std::string& text, std::size_t count, const std::string& after = "2026-11-20T12:00:00Z") {
  const Config config = load(text);
  const JobSpec& spec = config.jobs.at(0);
  const auto zone = time::Zone::load(spec.timezone).value();
  Texts found;
  for (auto fire = spec.trigger.trigger->next(time::parse_time(after, zone).value()); fire && found.size() < count;
       fire = spec.trigger.trigger->next(*fire)) {
    found.push_back(time::format_time(*fire, zone));
  }
  return found;
}

std::string fingerprint_of(const std::string& keys) { return fingerprint(load(job(keys)).jobs.at(0)); }

}  // namespace

TEST_CASE("dst_gap and dst_overlap decide about the nights when the clock is changed") {
  const std::string before_gap = "2026-03-28T12:00:00Z";
  const std::string before_overlap = "2026-10-24T12:00:00Z";
  const std::string at = "schedule: \"30 2 * * *\"\n";
  CHECK(fires(job(at), 1, before_gap) == Texts{"2026-03-29 03:00:00 +02:00"});
  CHECK(fires(job(at + "dst_gap: skip"), 1, before_gap) == Texts{"2026-03-30 02:30:00 +02:00"});
  CHECK(fires(job(at + "dst_gap: shift"), 1, before_gap) == Texts{"2026-03-29 03:30:00 +02:00"});
  CHECK(fires(job(at), 2, before_overlap) == Texts{"2026-10-25 02:30:00 +02:00", "2026-10-26 02:30:00 +01:00"});
  CHECK(fires(job(at + "dst_overlap: second"), 1, before_overlap) == Texts{"2026-10-25 02:30:00 +01:00"});
  CHECK(fires(job(at + "dst_overlap: both"), 2, before_overlap) ==
        Texts{"2026-10-25 02:30:00 +02:00", "2026-10-25 02:30:00 +01:00"});
  CHECK(fires("defaults: {dst_gap: skip}\n" + job(at), 1, before_gap) == Texts{"2026-03-30 02:30:00 +02:00"});
}

TEST_CASE("cron_dialect says which field is which") {
  CHECK(fires(job("schedule: \"0 9 * * 2 *\"\ncron_dialect: year_last"), 1) == Texts{"2026-11-24 09:00:00 +01:00"});
  CHECK(fires(job("schedule: \"0 0 9 ? * 2\"\ncron_dialect: quartz"), 1) == Texts{"2026-11-23 09:00:00 +01:00"});
  CHECK(fires(job("schedule: \"0 0 9 * * 2\""), 1) == Texts{"2026-11-24 09:00:00 +01:00"});
}

TEST_CASE("a list of schedules is any of them, all_of is all of them") {
  CHECK(fires(job("schedule: [\"0 6 * * mon-fri\", \"0 9 * * sat,sun\", \"0 6 23 11 *\"]"), 4) ==
        Texts{"2026-11-21 09:00:00 +01:00", "2026-11-22 09:00:00 +01:00", "2026-11-23 06:00:00 +01:00",
              "2026-11-24 06:00:00 +01:00"});
  CHECK(fires(job("all_of: [\"0 9 1 * *\", \"0 9 * * mon\"]"), 2) ==
        Texts{"2027-02-01 09:00:00 +01:00", "2027-03-01 09:00:00 +01:00"});
  CHECK(load(job("all_of: [\"0 9 1 * *\", \"0 9 * * mon\"]")).jobs[0].trigger.text == "all of: 0 9 1 * *; 0 9 * * mon");
}

TEST_CASE("every counts from its anchor; months and years are steps of the calendar") {
  CHECK(fires(job("every: 15m\nfrom: 2026-01-01 00:05"), 2) ==
        Texts{"2026-11-20 13:05:00 +01:00", "2026-11-20 13:20:00 +01:00"});
  CHECK(fires(job("every: 1 month\nfrom: 2026-01-31 09:00"), 4) ==
        Texts{"2026-11-30 09:00:00 +01:00", "2026-12-31 09:00:00 +01:00", "2027-01-31 09:00:00 +01:00",
              "2027-02-28 09:00:00 +01:00"});
  CHECK(fires(job("every: 1 year"), 1) == Texts{"2027-01-01 00:00:00 +01:00"});
}

TEST_CASE("nth, except and active narrow a schedule") {
  CHECK(fires(job("schedule: \"0 17 * * fri\"\nnth: 2\nfrom: 2026-01-02"), 2, "2026-01-01") ==
        Texts{"2026-01-02 17:00:00 +01:00", "2026-01-16 17:00:00 +01:00"});
  CHECK(fires(job("schedule: \"0 11-13 * * *\"\nexcept: [sat, 2026-11-22, \"* 12 * * *\"]"), 3) ==
        Texts{"2026-11-23 11:00:00 +01:00", "2026-11-23 13:00:00 +01:00", "2026-11-24 11:00:00 +01:00"});
  CHECK(fires(job("schedule: \"0 9 * * *\"\nactive: {from: 2026-12-01 09:00, until: 2026-12-03}"), 9) ==
        Texts{"2026-12-01 09:00:00 +01:00", "2026-12-02 09:00:00 +01:00", "2026-12-03 09:00:00 +01:00"});
  CHECK(fires(job("every: 12h\nactive: {until: 2026-11-21 02:00}"), 9) == Texts{"2026-11-21 01:00:00 +01:00"});
}

TEST_CASE("holidays: slots are moved, or left to the engine to be skipped") {
  const std::string calendars = "calendars: {bank: {weekdays: [sat, sun], dates: [12-24..12-26, 01-01]}}\n";
  const std::string monthly = "schedule: \"30 9 1,25 * *\"\nholidays: bank\n";
  const std::string from = "2026-12-20T00:00:00Z";
  CHECK(fires(calendars + job(monthly + "on_holiday: after"), 3, from) ==
        Texts{"2026-12-28 09:30:00 +01:00", "2027-01-04 09:30:00 +01:00", "2027-01-25 09:30:00 +01:00"});
  CHECK(fires(calendars + job(monthly + "on_holiday: before"), 3, from) ==
        Texts{"2026-12-23 09:30:00 +01:00", "2026-12-31 09:30:00 +01:00", "2027-01-25 09:30:00 +01:00"});
  CHECK(fires(calendars + job(monthly + "on_holiday: run"), 1, from) == Texts{"2026-12-25 09:30:00 +01:00"});
  CHECK(fires(calendars + job(monthly), 1, from) == Texts{"2026-12-25 09:30:00 +01:00"});
  CHECK(fires(calendars + job("at: 2026-12-25 08:00\nholidays: bank\non_holiday: after"), 1, from) ==
        Texts{"2026-12-28 08:00:00 +01:00"});
  CHECK(fires(calendars + "defaults: {holidays: bank, on_holiday: after}\n" + job("every: 1 month"), 1, from) ==
        Texts{"2027-01-04 00:00:00 +01:00"});
  CHECK(load(calendars + job(monthly)).jobs[0].days_off != nullptr);
  CHECK(load(calendars + "defaults: {holidays: bank}\n" + job("every: 1h\nholidays: none")).jobs[0].days_off ==
        nullptr);
}

TEST_CASE("a calendar reads .ics files, and says which line of one is wrong") {
  const test::TempDir folder;
  const auto write = [&](const std::string& name, const std::string& events) {
    std::ofstream(folder.path() / name) << "BEGIN:VCALENDAR\n" << events << "END:VCALENDAR\n";
  };
  const auto with = [&](const std::string& ics) {
    return parse("calendars: {de: {ics: " + ics +
                     "}}\njobs: {a: {command: x, schedule: \"@daily\", holidays: de, "
                     "on_holiday: after}}\n",
                 folder.path());
  };
  write("good.ics",
        "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20201003\nRRULE:FREQ=YEARLY\nEND:VEVENT\n"
        "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261120\nEND:VEVENT\n");
  write("bad.ics", "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20201003\nRRULE:FREQ=SECONDLY\nEND:VEVENT\n");
  write("empty.ics", "");
  const auto good = with("[good.ics]");
  REQUIRE(good.has_value());
  CHECK(good->calendars.at("de").runs_out == time::parse_date("2026-11-20").value());
  CHECK(good->calendars.at("de").days->contains(time::parse_date("2031-10-03").value()));
  const auto said = [&](const std::string& ics) {
    const auto result = with(ics);
    REQUIRE_FALSE(result.has_value());
    return daemon::testing::shown(result.error());
  };
  CHECK(
      said("bad.ics") ==
      "1:23 calendars.de.ics: \"bad.ics\": line 4 of the file: RRULE: FREQ takes YEARLY, MONTHLY, WEEKLY or DAILY for "
      "all-day events, not \"SECONDLY\"\n");
  CHECK(said("empty.ics") ==
        "1:23 calendars.de.ics: \"empty.ics\": the file has no all-day event\n"
        "  expected: an iCalendar file with days off\n");
  CHECK(said("gone.ics") ==
        "1:23 calendars.de.ics: \"gone.ics\": cannot be read: No such file or directory\n"
        "  hint: relative paths start at the folder of this file\n");
}

TEST_CASE("a zone in the expression wins over a default, and contradicts the job's own") {
  const std::string text = "schedule: \"*-*-* 09:00 Asia/Tokyo\"\n";
  CHECK(fires(job(text), 1) == Texts{"2026-11-21 09:00:00 +09:00"});
  CHECK(load(job(text)).jobs[0].timezone == "Asia/Tokyo");
  CHECK(fires(job(text + "timezone: Asia/Tokyo"), 1) == Texts{"2026-11-21 09:00:00 +09:00"});
  CHECK(errors(job(text + "timezone: UTC")) ==
        "6:5 jobs.a.timezone: the schedule names another time zone: \"Asia/Tokyo\"\n  expected: one time zone\n"
        "  hint: delete this key, or the zone in the schedule\n");
}

TEST_CASE("in a list, each expression may have a zone of its own") {
  const std::string list = "schedule: [\"0 12 * * *\", \"*-*-* 09:00 Asia/Tokyo\"]\n";
  CHECK(fires(job(list + "timezone: Europe/Paris"), 3) ==
        Texts{"2026-11-21 01:00:00 +01:00", "2026-11-21 12:00:00 +01:00", "2026-11-22 01:00:00 +01:00"});
}

TEST_CASE("what changes when a job is due changes its fingerprint, and what does not, does not") {
  const std::string base = "schedule: \"0 9 * * *\"\n";
  std::set<std::string> prints{fingerprint_of(base)};
  const char* const changes[] = {"dst_gap: skip", "dst_overlap: both",           "cron_dialect: vixie",       "nth: 2",
                                 "except: sat",   "active: {until: 2027-01-01}", "active: {from: 2027-01-01}"};
  for (const char* change : changes) CHECK(prints.insert(fingerprint_of(base + change)).second);
  CHECK(fingerprint_of(base + "dst_gap: run_after\ncron_dialect: ocps") == fingerprint_of(base));
}

TEST_CASE("mistakes in the keys of a schedule are told with their place and a way out") {
  const auto said = [](const std::string& keys) { return errors(job(keys)); };
  CHECK(said("schedule: \"* * * * *\"\ndst_gap: run_afer") ==
        "6:14 jobs.a.dst_gap: \"run_afer\": not one of the known words\n  expected: one of run_after, skip, shift\n"
        "  hint: did you mean \"run_after\"?\n");
  CHECK(said("schedule: [\"* * * * *\", \"61 * * * *\"]").starts_with("5:30 jobs.a.schedule[1]: \"61 * * * *\": "));
  CHECK(said("schedule: \"@daily\"\nevery: 5m")
            .starts_with("6:5 jobs.a.every: a job has one trigger, and \"schedule\" is given too\n"));
  CHECK(said("every: 1 month 2 days")
            .starts_with("5:12 jobs.a.every: \"1 month 2 days\": a step of months or years is a whole number of them"));
  CHECK(
      said("schedule: \"@daily\"\nfrom: 2026-01-01").starts_with("6:5 jobs.a.from: this has no effect without every"));
  CHECK(said("nth: 2").starts_with("5:5 jobs.a.nth: this has no effect on a job without a trigger\n"));
  CHECK(said("every: 5m\nnth: 2").starts_with("6:5 jobs.a.nth: only a schedule has every nth of its times\n"));
  CHECK(said("schedule: \"@daily\"\nexcept: [sat, sunda]") ==
        "6:19 jobs.a.except[1]: \"sunda\": \"sunda\" is no weekday\n  hint: did you mean \"sunday\"?\n");
  CHECK(said("schedule: \"30 12 * * *\"\nexcept: \"* 12 * * *\"")
            .starts_with("5:15 jobs.a.schedule: except leaves nothing of this\n"));
  CHECK(
      said("all_of: [\"0-29 * * * * *\", \"30-59 * * * * *\"]").starts_with("5:13 jobs.a.all_of: this is never due\n"));
  CHECK(said("schedule: \"@daily\"\nactive: true")
            .starts_with("6:13 jobs.a.active: \"true\": this is the span in which the job is due\n"));
  CHECK(said("schedule: \"@daily\"\nactive: {from: 2027-01-01, until: 2026-12-31}")
            .starts_with("6:39 jobs.a.active.until: \"2026-12-31\": this is before active.from\n"));
  CHECK(said("schedule: \"@daily\"\nholidays: bank")
            .starts_with("6:15 jobs.a.holidays: \"bank\": there is no such calendar\n"));
  CHECK(errors("calendars: {bank: {weekdays: sat}}\n" + job("every: 5m\nholidays: bank\non_holiday: after"))
            .starts_with("6:12 jobs.a.every: \"5m\": only times of the day can be moved off holidays"));
  CHECK(errors("calendars: {bank: {weekdays: mon-sun}}\n" + job("every: 5m"))
            .starts_with("1:19 calendars.bank: every day of this calendar is off\n"));
  CHECK(errors("calendars: {bank: {dates: [2026-13-01, 12-32]}}\n" + job("every: 5m"))
            .find("calendars.bank.dates[1]: ") != std::string::npos);
}
