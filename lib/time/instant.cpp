#include "time/instant.hpp"

#include <array>
#include <cstdint>
#include <utility>

#include "time/duration.hpp"
#include "time/text_cursor.hpp"

namespace belfry::time {
namespace {

using detail::Cursor;
using detail::quoted;
using std::chrono::days;
using std::chrono::local_days;
using std::chrono::seconds;
using std::chrono::year_month_day;

constexpr WallTime begin_of_year(int year) noexcept {
  return std::chrono::sys_days{std::chrono::year{year} / std::chrono::January / 1};
}

constexpr std::string_view absolute_example = R"(write it like "2026-12-31 23:59" or 2026-12-31T23:59:00Z)";
constexpr std::string_view relative_example = R"(, "tomorrow 02:00" or "in 10m")";

/// The number with zeros in front, `width` digits at least.
std::string padded(std::int64_t number, std::size_t width) {
  const std::string digits = std::to_string(number);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

std::string date_and_time(LocalTime local, char between) {
  const auto date = std::chrono::floor<days>(local);
  const year_month_day ymd(date);
  const std::chrono::hh_mm_ss time(local - date);
  return padded(static_cast<int>(ymd.year()), 4) + "-" + padded(static_cast<unsigned>(ymd.month()), 2) + "-" +
         padded(static_cast<unsigned>(ymd.day()), 2) + between + padded(time.hours().count(), 2) + ":" +
         padded(time.minutes().count(), 2) + ":" + padded(time.seconds().count(), 2);
}

/// ".5", or nothing for a whole second.
std::string fraction_of(WallTime instant) {
  const auto nanoseconds = (instant - std::chrono::floor<seconds>(instant)).count();
  if (nanoseconds == 0) return {};
  const std::string text = "." + padded(nanoseconds, 9);
  return text.substr(0, text.find_last_not_of('0') + 1);
}

std::string format_offset(seconds offset) {
  const std::int64_t count = std::chrono::abs(offset).count();
  const std::string text =
      (offset < seconds{0} ? "-" : "+") + padded(count / 3600, 2) + ":" + padded(count / 60 % 60, 2);
  return count % 60 == 0 ? text : text + ":" + padded(count % 60, 2);  // local mean time, before there were zones
}

/// A time of day as it was written.
struct ClockTime {
  seconds of_day{0};
  Duration fraction{0};
};

/// In which zone a local time was written.
struct Place {
  Zone zone;
  std::optional<seconds> offset;  ///< wins over the zone
};

class TimeParser {
 public:
  TimeParser(std::string_view text, const Zone& zone, std::optional<WallTime> now) noexcept
      : cursor_(text), zone_(zone), now_(now) {}

  Parsed<WallTime> parse() {
    cursor_.take_blanks();
    if (cursor_.at_end()) return std::unexpected(cursor_.error_here("a time was expected", forms()));
    if (cursor_.take('@')) return take_epoch();
    if (cursor_.peek() == '+') return take_delay();
    if (detail::is_letter(cursor_.peek())) return take_word();
    const std::size_t start = cursor_.position();
    const bool is_clock = cursor_.take_digits().size() <= 2 && cursor_.peek() == ':';
    cursor_.move_to(start);
    return is_clock ? take_clock_only() : take_date();
  }

 private:
  std::string forms() const { return std::string(absolute_example) + (now_ ? std::string(relative_example) : ""); }

  ParseError needs_now(std::size_t start) const {
    return cursor_.error_since(start, "a date was expected here, not a time relative to now",
                               std::string(absolute_example));
  }

  Parsed<WallTime> at_end(Parsed<WallTime> value) {
    cursor_.take_blanks();
    if (!value || cursor_.at_end()) return value;
    return std::unexpected(cursor_.error_here("unexpected " + quoted(cursor_.rest()) + " behind the time", forms()));
  }

  Parsed<WallTime> take_epoch() {
    const std::size_t start = cursor_.position();
    const auto value = detail::to_number(cursor_.take_digits(), 100'000'000'000);
    if (start == cursor_.position())
      return std::unexpected(cursor_.error_here("seconds since 1970 were expected after @"));
    if (value >= 7'258'118'400) return std::unexpected(cursor_.error_since(start, "the time lies after the year 2199"));
    return at_end(WallTime(seconds(value)));
  }

  Parsed<WallTime> take_delay() {
    const std::size_t start = cursor_.position();
    if (!now_) return std::unexpected(needs_now(start));
    auto delay = parse_duration(cursor_.rest());
    if (!delay) {
      delay.error().offset += start;
      return std::unexpected(std::move(delay).error());
    }
    constexpr WallTime year_2200 = begin_of_year(last_year + 1);
    if (*delay >= year_2200 - *now_)
      return std::unexpected(ParseError{start, cursor_.rest().size(), "the time lies after the year 2199", {}});
    return *now_ + *delay;
  }

  /// now, in 10m, today, tomorrow, mon
  Parsed<WallTime> take_word() {
    const std::size_t start = cursor_.position();
    const std::string_view word = cursor_.take_while(detail::is_letter);
    if (!now_) return std::unexpected(needs_now(start));
    if (detail::same_word(word, "now")) return at_end(*now_);
    if (detail::same_word(word, "in")) {
      cursor_.take_blanks();
      return take_delay();
    }
    const auto today = std::chrono::floor<days>(zone_.to_local(*now_));
    if (detail::same_word(word, "today")) return take_clock_on(today);
    if (detail::same_word(word, "tomorrow")) return take_clock_on(today + days{1});
    const auto ahead = days_until(word, today);
    if (ahead) return take_clock_on(today + *ahead);
    return std::unexpected(cursor_.error_since(start, "a time was expected, not " + quoted(word), forms()));
  }

  /// From `today` to the next day called `word` ("mon", "Monday"), 1 to 7.
  static std::optional<days> days_until(std::string_view word, local_days today) noexcept {
    constexpr std::array<std::string_view, 7> names{"sunday",   "monday", "tuesday", "wednesday",
                                                    "thursday", "friday", "saturday"};
    for (unsigned n = 0; n < names.size(); ++n) {
      if (!detail::same_word(word, names[n]) && !detail::same_word(word, names[n].substr(0, 3))) continue;
      const days ahead = std::chrono::weekday(n) - std::chrono::weekday(today);
      return ahead == days{0} ? days{7} : ahead;
    }
    return std::nullopt;
  }

  Parsed<WallTime> take_clock_on(local_days date) {
    ClockTime clock;
    cursor_.take_blanks();
    if (!cursor_.at_end() && detail::is_digit(cursor_.peek())) {
      const auto parsed = take_clock();
      if (!parsed) return std::unexpected(parsed.error());
      clock = *parsed;
    }
    return resolve(date, clock);
  }

  Parsed<WallTime> take_clock_only() {
    const std::size_t start = cursor_.position();
    const auto clock = take_clock();
    if (!clock) return std::unexpected(clock.error());
    if (!now_) return std::unexpected(needs_now(start));
    // The text may name another zone than ours, where it is another day: begin with yesterday.
    auto date = std::chrono::floor<days>(zone_.to_local(*now_)) - days{1};
    const std::size_t suffix = cursor_.position();
    auto found = resolve(date, *clock);
    for (int tries = 0; tries < 3 && (!found || *found <= *now_); ++tries) {
      cursor_.move_to(suffix);
      date += days{1};
      found = resolve(date, *clock);
    }
    return found;
  }

  Parsed<WallTime> take_date() {
    const std::size_t start = cursor_.position();
    const auto year = take_number(4, "a year of four digits");
    if (!year) return std::unexpected(year.error());
    std::array<unsigned, 2> rest{};
    for (unsigned& part : rest) {
      if (!cursor_.take('-')) return std::unexpected(cursor_.error_here("a date is written YYYY-MM-DD", forms()));
      const auto number = take_number(2, "two digits");
      if (!number) return std::unexpected(number.error());
      part = *number;
    }
    const year_month_day date(std::chrono::year(static_cast<int>(*year)), std::chrono::month(rest[0]),
                              std::chrono::day(rest[1]));
    if (!date.ok()) return std::unexpected(cursor_.error_since(start, "this date does not exist"));
    if (static_cast<int>(date.year()) < first_year || static_cast<int>(date.year()) > last_year) {
      return std::unexpected(cursor_.error_since(start, "years from 1900 to 2199 are accepted"));
    }
    const bool with_t = (cursor_.peek() == 'T' || cursor_.peek() == 't') && detail::is_digit(cursor_.peek_after());
    if (with_t) cursor_.take(cursor_.peek());
    return take_clock_on(local_days(date));
  }

  Parsed<unsigned> take_number(std::size_t digits, std::string_view expected) {
    const std::size_t start = cursor_.position();
    const std::string_view found =
        cursor_.take_while([&, left = digits](char c) mutable { return detail::is_digit(c) && left-- > 0; });
    if (found.size() == digits) return static_cast<unsigned>(detail::to_number(found, 9999));
    cursor_.move_to(start + found.size());
    std::string message = std::string(expected) + (digits == 4 ? " was expected" : " were expected");
    if (found.empty()) return std::unexpected(cursor_.error_here(std::move(message), forms()));
    return std::unexpected(cursor_.error_since(start, std::move(message), forms()));
  }

  Parsed<unsigned> take_part_of_clock(unsigned most) {
    const std::size_t start = cursor_.position();
    const auto number = take_number(2, "two digits");
    if (!number || *number <= most) return number;
    return std::unexpected(cursor_.error_since(start, "a time of day goes from 00:00:00 to 23:59:59"));
  }

  Parsed<ClockTime> take_clock() {
    const auto hour = take_part_of_clock(23);
    if (!hour) return std::unexpected(hour.error());
    if (!cursor_.take(':')) return std::unexpected(cursor_.error_here("a time of day is written HH:MM or HH:MM:SS"));
    const auto minute = take_part_of_clock(59);
    if (!minute) return std::unexpected(minute.error());
    ClockTime clock{seconds((*hour * 60 + *minute) * 60), Duration{0}};
    if (!cursor_.take(':')) return clock;
    const auto second = take_part_of_clock(59);
    if (!second) return std::unexpected(second.error());
    clock.of_day += seconds(*second);
    if (cursor_.peek() == '.' && detail::is_digit(cursor_.peek_after())) {
      cursor_.take('.');
      std::string digits(cursor_.take_digits().substr(0, 9));
      digits.resize(9, '0');
      clock.fraction = Duration(static_cast<Duration::rep>(detail::to_number(digits, 999'999'999)));
    }
    return clock;
  }

  /// What stands behind the time: nothing, Z, an offset, or a zone's name.
  Parsed<Place> take_place() {
    cursor_.take_blanks();
    Place place{zone_, std::nullopt};
    const char next = cursor_.peek();
    if (cursor_.at_end()) return place;
    if ((next == 'Z' || next == 'z') && !detail::is_letter(cursor_.peek_after())) {
      cursor_.take(next);
      place.offset = seconds{0};
      return place;
    }
    if (next == '+' || next == '-') return take_offset();
    const std::size_t start = cursor_.position();
    const std::string_view name = cursor_.take_while([](char c) { return !detail::is_blank(c); });
    auto zone = Zone::load(name);
    if (!zone) {
      zone.error().offset += start;
      return std::unexpected(std::move(zone).error());
    }
    place.zone = *zone;
    return place;
  }

  Parsed<Place> take_offset() {
    const std::size_t start = cursor_.position();
    const bool negative = cursor_.take('-');
    if (!negative) cursor_.take('+');
    const auto hours = take_number(2, "two digits of the offset's hours");
    if (!hours) return std::unexpected(hours.error());
    unsigned minutes = 0;
    if (cursor_.take(':') || detail::is_digit(cursor_.peek())) {
      const auto number = take_number(2, "two digits of the offset's minutes");
      if (!number) return std::unexpected(number.error());
      minutes = *number;
    }
    if (*hours > 23 || minutes > 59) return std::unexpected(cursor_.error_since(start, "an offset is at most 23:59"));
    const seconds offset((*hours * 60 + minutes) * 60);
    return Place{zone_, negative ? -offset : offset};
  }

  Parsed<WallTime> resolve(local_days date, ClockTime clock) {
    const auto place = take_place();
    if (!place) return std::unexpected(place.error());
    const LocalTime local = date + clock.of_day;
    if (const auto offset = place->offset) return at_end(WallTime(local.time_since_epoch() - *offset) + clock.fraction);
    const LocalInstants instants = place->zone.resolve(local);
    if (instants.kind == LocalKind::skipped) {
      const WallTime before = instants.transition - seconds{1};
      return std::unexpected(cursor_.error_since(
          0, date_and_time(local, ' ') + " does not exist in " + place->zone.name() + ": the clock is set forward then",
          "the clock goes from " + format_time(before, place->zone) + " to " +
              format_time(instants.transition, place->zone)));
    }
    const bool second_pass = now_ && WallTime(instants.before) <= *now_;
    return at_end(WallTime(second_pass ? instants.after : instants.before) + clock.fraction);
  }

  Cursor cursor_;
  const Zone& zone_;
  std::optional<WallTime> now_;
};

}  // namespace

std::string format_time(WallTime instant, const Zone& zone) {
  return date_and_time(zone.to_local(instant), ' ') + fraction_of(instant) + " " +
         format_offset(zone.at(instant).offset);
}

std::string format_utc(WallTime instant) {
  return date_and_time(Zone().to_local(instant), 'T') + fraction_of(instant) + "Z";
}

Parsed<WallTime> parse_time(std::string_view text, const Zone& zone, std::optional<WallTime> now) {
  return TimeParser(text, zone, now).parse();
}

}  // namespace belfry::time
