#include "daemon/config/calendars_reader.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/config/settings_reader.hpp"
#include "time/ics.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon {
namespace {

constexpr std::string_view list_of_days = "a list of dates such as 2026-12-24, 2026-12-24..2027-01-06 or 12-25";
constexpr std::string_view names_expected = "the name of a calendar, a list of them, or none";

/// One value, or the items of a list.
std::vector<Value> items_of(const Value& value, std::string_view expected) {
  if (value.node().kind != yaml::Node::Kind::sequence) return {value};
  return value.list(expected).value_or(std::vector<Value>{});
}

class CalendarReader {
 public:
  CalendarReader(const std::filesystem::path& folder, std::size_t& count, std::vector<SourceFile>& files)
      : folder_(&folder), count_(&count), files_(&files) {}

  std::optional<HolidayCalendar> read(Place place, const Value& value) {
    if (!value.is_map("a map with ics, dates or weekdays")) return std::nullopt;
    calendar_.place = place;
    const MapReader map(value, calendar_section);
    if (const auto dates = map.get("dates")) read_days(*dates, list_of_days);
    calendar_.runs_out = days_.last_listed();
    if (const auto weekdays = map.get("weekdays")) read_days(*weekdays, "weekdays such as sat or mon-fri");
    if (const auto files = map.get("ics")) {
      for (const Value& file : items_of(*files, "the path of an .ics file, or a list of them")) read_ics(file);
    }
    if (good_ && !days_.first_outside(time::LocalDay(std::chrono::year{2000} / 1 / 1))) {
      complain(value, {"every day of this calendar is off", "a calendar that leaves days to work on"});
    } else if (good_ && days_.empty()) {
      complain(value, {"this calendar has no day off", "ics, dates or weekdays"});
    }
    calendar_.days = std::make_shared<const time::DaySet>(std::move(days_));
    return good_ ? std::optional(std::move(calendar_)) : std::nullopt;
  }

 private:
  void complain(const Value& value, Complaint complaint) {
    value.complain(std::move(complaint));
    good_ = false;
  }

  void read_days(const Value& value, std::string_view expected) {
    for (const Value& item : items_of(value, expected)) {
      if (!item.text(expected)) {
        good_ = false;
      } else if (const auto added = days_.add(item.node().text); !added) {
        item.complain(added.error());
        good_ = false;
      }
    }
  }

  void read_ics(const Value& value) {
    const auto path = read_path(value, *folder_);
    if (!path) {
      good_ = false;
      return;
    }
    if (++*count_ > most_ics_files) {
      return complain(value, {"too many .ics files", "at most " + std::to_string(most_ics_files)});
    }
    const auto text = read_source(*path, time::longest_ics, *files_);
    if (!text) {
      return complain(value,
                      {text.error().message, text.error().expected, "relative paths start at the folder of this file"});
    }
    const auto ics = time::parse_ics(*text);
    if (!ics) {
      return complain(
          value, {"line " + std::to_string(ics.error().line) + " of the file: " + quotable(ics.error().message, 200)});
    }
    if (ics->events == 0) {
      return complain(value, {"the file has no all-day event", "an iCalendar file with days off"});
    }
    days_.add_all(ics->days);
    calendar_.timed_events += ics->timed_events;
    calendar_.runs_out = std::max(calendar_.runs_out, ics->last_finite);
  }

  const std::filesystem::path* folder_;
  std::size_t* count_;
  std::vector<SourceFile>* files_;
  HolidayCalendar calendar_;
  time::DaySet days_;
  bool good_ = true;
};

}  // namespace

Calendars read_calendars(const Value& value, const std::filesystem::path& folder, std::vector<SourceFile>& files) {
  Calendars calendars;
  if (!value.is_map("a map of calendars by name")) return calendars;
  std::size_t count = 0;
  for (const auto& entry : value.node().entries) {
    auto calendar = CalendarReader(folder, count, files).read(entry.place, value.child(entry));
    // One that is wrong has its name all the same: that it is used is no mistake.
    if (!calendar) calendar = HolidayCalendar{std::make_shared<const time::DaySet>(), {}, 0, entry.place};
    calendars.emplace(entry.key, std::move(*calendar));
  }
  return calendars;
}

std::optional<std::vector<std::string>> read_holidays(const Value& value, const Calendars& calendars) {
  std::vector<std::string> names;
  if (value.is_none()) return names;
  for (const Value& item : items_of(value, names_expected)) {
    const auto name = item.text(names_expected);
    if (!name) return std::nullopt;
    if (!calendars.contains(*name)) {
      std::vector<std::string> known;
      for (const auto& [other, calendar] : calendars) known.push_back(other);
      auto hint = time::did_you_mean(*name, known);
      if (hint.empty()) hint = "declare it under the key \"calendars\" at the top";
      item.complain({"there is no such calendar", std::string(names_expected), std::move(hint)});
      return std::nullopt;
    }
    names.push_back(*name);
  }
  return names;
}

std::shared_ptr<const time::DaySet> days_of(const std::vector<std::string>& names, const Calendars& calendars) {
  if (names.empty()) return nullptr;
  if (names.size() == 1) return calendars.find(names.front())->second.days;
  auto all = std::make_shared<time::DaySet>();
  for (const std::string& name : names) all->add_all(*calendars.find(name)->second.days);
  return all;
}

}  // namespace belfry::daemon
