// The key `calendars`: days off by name, from lists, weekdays and .ics files.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config/map_reader.hpp"
#include "daemon/config/read_file.hpp"
#include "time/day_set.hpp"

namespace belfry::daemon {

/// One of the calendars of a file. Plain value; any thread.
struct HolidayCalendar {
  std::shared_ptr<const time::DaySet> days;
  std::optional<time::LocalDay> runs_out;  ///< the last date that does not come back every year; none: all do
  std::size_t timed_events = 0;            ///< of its .ics files: passed over, because they have a time of day
  Place place;                             ///< of its name
};

using Calendars = std::map<std::string, HolidayCalendar, std::less<>>;

/// The largest number of .ics files that one configuration reads.
inline constexpr std::size_t most_ics_files = 32;

/// Reads the map of calendars and the files that they name; relative paths start at `folder`. Complains about what is
/// wrong, in an .ics file with its line. Each .ics file is noted in `files`, be it right or wrong.
Calendars read_calendars(const Value& value, const std::filesystem::path& folder, std::vector<SourceFile>& files);

/// The calendars that a job's `holidays` names: a name, a list of names, or `none` for an empty list. Complains about
/// names that there are not, and gives nothing then.
std::optional<std::vector<std::string>> read_holidays(const Value& value, const Calendars& calendars);

/// The days off of some calendars together; null for an empty list. REQUIRES: `calendars` has them all.
std::shared_ptr<const time::DaySet> days_of(const std::vector<std::string>& names, const Calendars& calendars);

}  // namespace belfry::daemon
