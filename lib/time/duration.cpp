#include "time/duration.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "time/span_units.hpp"
#include "time/suggest.hpp"
#include "time/text_cursor.hpp"

namespace belfry::time {
namespace {

using detail::Cursor;
using detail::day;
using detail::hour;
using detail::microsecond;
using detail::millisecond;
using detail::minute;
using detail::quoted;
using detail::second;
using Nanoseconds = __int128;  // no sum of components that passes the checks can overflow it

constexpr std::int64_t week = 7 * day;
constexpr std::int64_t month = 2'629'800 * second;  // 30.4375 days, as systemd.time(7)
constexpr std::int64_t year = 31'557'600 * second;  // 365.25 days

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
  bool in_go;
  bool in_systemd;
};

constexpr std::array units = std::to_array<Unit>({
    {"ns", 1, true, false},
    {"us", microsecond, true, true},
    {"\xC2\xB5s", microsecond, true, true},  // micro sign
    {"\xCE\xBCs", microsecond, true, true},  // Greek mu
    {"usec", microsecond, false, true},
    {"ms", millisecond, true, true},
    {"msec", millisecond, false, true},
    {"s", second, true, true},
    {"sec", second, false, true},
    {"second", second, false, true},
    {"seconds", second, false, true},
    {"m", minute, true, true},
    {"min", minute, false, true},
    {"minute", minute, false, true},
    {"minutes", minute, false, true},
    {"h", hour, true, true},
    {"hr", hour, false, true},
    {"hour", hour, false, true},
    {"hours", hour, false, true},
    {"d", day, false, true},
    {"day", day, false, true},
    {"days", day, false, true},
    {"w", week, false, true},
    {"week", week, false, true},
    {"weeks", week, false, true},
    {"M", month, false, true},
    {"month", month, false, true},
    {"months", month, false, true},
    {"y", year, false, true},
    {"year", year, false, true},
    {"years", year, false, true},
});

constexpr std::string_view example = "write it like 90s, 1h30m, \"2 days\" or PT1H30M";

/// A decimal number: what stands before and after the point.
struct Decimal {
  std::string_view whole;
  std::string_view fraction;
  bool has_point = false;
};

Decimal take_decimal(Cursor& cursor, std::string_view points = ".") noexcept {
  Decimal decimal;
  decimal.whole = cursor.take_digits();
  decimal.has_point = !cursor.at_end() && points.find(cursor.peek()) != std::string_view::npos;
  if (decimal.has_point) cursor.take(cursor.peek());
  if (decimal.has_point) decimal.fraction = cursor.take_digits();
  return decimal;
}

// Larger wholes and longer fractions say no more: the first are refused anyway, of the second the rest is cut.
constexpr std::uint64_t largest_whole = 10'000'000'000'000'000'000ULL;

Nanoseconds whole_of(const Decimal& decimal, std::int64_t unit) noexcept {
  return Nanoseconds{detail::to_number(decimal.whole, largest_whole)} * unit;
}

Nanoseconds times(const Decimal& decimal, std::int64_t unit) noexcept {
  constexpr std::size_t longest_fraction = 18;
  const std::string_view fraction = decimal.fraction.substr(0, longest_fraction);
  std::uint64_t scale = 1;
  for (std::size_t i = 0; i < fraction.size(); ++i) scale *= 10;
  const Nanoseconds part = Nanoseconds{detail::to_number(fraction, largest_whole)} * unit;
  return whole_of(decimal, unit) + part / static_cast<Nanoseconds>(scale);
}

/// As time.ParseDuration of Go: as many digits as an int64 holds, times a float64.
Nanoseconds times_go(const Decimal& decimal, std::int64_t unit) noexcept {
  constexpr std::int64_t most = INT64_MAX;
  std::int64_t digits = 0;
  double scale = 1;
  for (const char c : decimal.fraction) {
    const std::int64_t d = c - '0';
    if (digits > (most - 1) / 10 || digits * 10 > most - d) break;
    digits = digits * 10 + d;
    scale *= 10;
  }
  const double part = static_cast<double>(digits) * (static_cast<double>(unit) / scale);
  return whole_of(decimal, unit) + static_cast<std::int64_t>(part);
}

/// As parse_time() of systemd: in microseconds, where each digit of the fraction has a tenth of the unit before, cut.
Nanoseconds times_systemd(const Decimal& decimal, std::int64_t unit) noexcept {
  std::int64_t tenth = unit / microsecond;
  Nanoseconds value = 0;
  for (const char c : decimal.fraction) {
    tenth /= 10;
    value += Nanoseconds{c - '0'} * tenth;
  }
  return whole_of(decimal, unit) + value * microsecond;
}

Nanoseconds times(const Decimal& decimal, std::int64_t unit, DurationDialect dialect) noexcept {
  if (dialect == DurationDialect::go) return times_go(decimal, unit);
  return dialect == DurationDialect::systemd ? times_systemd(decimal, unit) : times(decimal, unit);
}

constexpr Nanoseconds beyond_all = Nanoseconds{1} << 100;  // far outside, and a few more still fit

ParseError too_long(std::string_view text) { return {0, text.size(), "a duration is at most about 292 years", {}}; }

/// Does `unit` exist in `dialect`? In `any` the month is spelled out: whoever writes 5M mostly means minutes.
bool is_in(const Unit& unit, DurationDialect dialect) noexcept {
  if (dialect == DurationDialect::go) return unit.in_go;
  if (dialect == DurationDialect::systemd) return unit.in_systemd;
  return unit.name != "M";
}

ParseError unknown_unit(const Cursor& cursor, std::size_t start, std::string_view name, DurationDialect dialect) {
  std::vector<std::string_view> known;
  for (const Unit& unit : units) {
    if (is_in(unit, dialect)) known.push_back(unit.name);
  }
  std::string hint = name == "M" ? "m is minutes; write months as \"month\"" : did_you_mean(name, known);
  if (hint.empty()) {
    hint = dialect == DurationDialect::go ? "the units are ns, us, ms, s, m, h"
                                          : "the units are ns, us, ms, s, m, h, d, w, month, y";
  }
  return cursor.error_since(start, "unknown unit " + quoted(name), std::move(hint));
}

/// A unit's name: letters, and whatever bytes a micro sign is made of.
bool is_unit_byte(char c) noexcept { return detail::is_letter(c) || (static_cast<unsigned char>(c) & 0x80U) != 0; }

/// Blanks, and for systemd the ends of lines that a shell may have left.
void take_space(Cursor& cursor, DurationDialect dialect) noexcept {
  if (dialect == DurationDialect::go) return;
  cursor.take_while([dialect](char c) {
    return detail::is_blank(c) || (dialect == DurationDialect::systemd && (c == '\n' || c == '\r'));
  });
}

/// One "1.5h" of a Go or systemd duration, with the cursor on the number.
Parsed<Nanoseconds> take_component(Cursor& cursor, DurationDialect dialect, bool whole_text_may_end) {
  const bool is_go = dialect == DurationDialect::go;
  const std::size_t number_at = cursor.position();
  const Decimal decimal = take_decimal(cursor);
  if (decimal.whole.empty() && decimal.fraction.empty()) {
    if (cursor.position() == number_at)
      return std::unexpected(cursor.error_here("a number was expected", std::string(example)));
    return std::unexpected(cursor.error_since(number_at, "a point needs a digit beside it"));
  }
  if (!is_go && decimal.has_point && decimal.fraction.empty()) {
    return std::unexpected(cursor.error_since(number_at, "a digit was expected after the point"));
  }
  if (dialect == DurationDialect::systemd && whole_of(decimal, 1) > Nanoseconds{INT64_MAX})
    return std::unexpected(cursor.error_since(number_at, "the number is too large"));
  const std::size_t blanks_at = cursor.position();
  take_space(cursor, dialect);
  const std::size_t unit_at = cursor.position();
  const std::string_view name = cursor.take_while(is_unit_byte);
  if (name.empty()) {
    const bool seconds = dialect == DurationDialect::systemd || (whole_text_may_end && cursor.at_end());
    if (seconds && (cursor.at_end() || unit_at > blanks_at)) return times(decimal, second, dialect);
    cursor.move_to(blanks_at);
    return std::unexpected(
        cursor.error_here("the number needs a unit", "for example " + std::string(decimal.whole) + "s"));
  }
  const auto* const unit = std::ranges::find(units, name, &Unit::name);
  if (unit == units.end() || !is_in(*unit, dialect)) {
    return std::unexpected(unknown_unit(cursor, unit_at, name, dialect));
  }
  return times(decimal, unit->nanoseconds, dialect);
}

/// Go, systemd, and the union of both.
Parsed<Nanoseconds> parse_components(std::string_view text, DurationDialect dialect) {
  Cursor cursor(text);
  const bool is_go = dialect == DurationDialect::go;
  take_space(cursor, dialect);
  bool negative = false;
  if (dialect != DurationDialect::systemd) {
    negative = cursor.take('-');
    if (!negative) cursor.take('+');
  }
  if (is_go && cursor.rest() == "0") return Nanoseconds{0};
  Nanoseconds total = 0;
  bool first = true;
  do {
    if (dialect == DurationDialect::systemd && detail::is_digit(cursor.peek_after()))
      cursor.take('+');  // systemd reads numbers with strtoll()
    const auto value = take_component(cursor, dialect, first && !is_go);
    if (!value) return std::unexpected(value.error());
    total += *value;
    if (total > beyond_all) return std::unexpected(too_long(text));
    take_space(cursor, dialect);
    first = false;
  } while (!cursor.at_end());
  return negative ? -total : total;
}

Parsed<Nanoseconds> parse_seconds(std::string_view text) {
  Cursor cursor(text);
  const Decimal decimal = take_decimal(cursor);
  if (decimal.whole.empty() || (decimal.has_point && decimal.fraction.empty()) || !cursor.at_end()) {
    return std::unexpected(
        cursor.error_here("a number of seconds has digits and at most one point", "for example 90 or 0.5"));
  }
  return times(decimal, second);
}

/// The designators of ISO 8601 in their order; each may come once.
struct Designator {
  char letter;
  bool in_time_part;
  std::int64_t nanoseconds;
};
constexpr std::array designators = std::to_array<Designator>(
    {{'W', false, week}, {'D', false, day}, {'H', true, hour}, {'M', true, minute}, {'S', true, second}});

constexpr char to_upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

ParseError wrong_designator(const Cursor& cursor, bool in_time_part) {
  const char letter = to_upper(cursor.peek());
  if (!in_time_part && (letter == 'Y' || letter == 'M')) {
    return cursor.error_here("years and months have no fixed length", "count in days: P30D");
  }
  return cursor.error_here(in_time_part ? "H, M or S was expected, each once and in this order"
                                        : "W or D was expected, each once and in this order (T begins the hours)",
                           "for example P1DT12H or PT1H30M");
}

/// One "-1.5S" of an ISO duration. `next` is the first designator that may still come.
Parsed<Nanoseconds> take_iso_component(Cursor& cursor, bool in_time_part, std::size_t& next) {
  const bool negative = cursor.take('-');
  if (!negative) cursor.take('+');
  const std::size_t number_at = cursor.position();
  const Decimal decimal = take_decimal(cursor, ",.");  // ISO 8601 prefers the comma
  constexpr std::size_t most_digits = 9;
  if (decimal.whole.empty()) return std::unexpected(cursor.error_here("a number was expected", "for example PT1H30M"));
  if (decimal.fraction.size() > most_digits)
    return std::unexpected(cursor.error_since(number_at, "a fraction has at most 9 digits, which are nanoseconds"));
  std::size_t found = next;
  while (found < designators.size() &&
         (designators[found].letter != to_upper(cursor.peek()) || designators[found].in_time_part != in_time_part)) {
    ++found;
  }
  if (found == designators.size()) return std::unexpected(wrong_designator(cursor, in_time_part));
  if (decimal.has_point && designators[found].letter != 'S') {
    return std::unexpected(cursor.error_since(number_at, "only the seconds may have a fraction"));
  }
  cursor.take(cursor.peek());
  next = found + 1;
  const Nanoseconds value = times(decimal, designators[found].nanoseconds);
  return negative ? -value : value;
}

Parsed<Nanoseconds> parse_iso(std::string_view text) {
  Cursor cursor(text);
  const bool negative = cursor.take('-');
  if (!negative) cursor.take('+');
  if (!cursor.take('P') && !cursor.take('p')) {
    return std::unexpected(cursor.error_here("P was expected", "for example PT1H30M"));
  }
  Nanoseconds total = 0;
  bool in_time_part = false;
  bool complete = false;  // something stands behind P, and behind T
  std::size_t next = 0;
  while (!cursor.at_end() || !complete) {
    if (!in_time_part && (cursor.take('T') || cursor.take('t'))) {
      in_time_part = true;
      complete = false;
      continue;
    }
    const auto value = take_iso_component(cursor, in_time_part, next);
    if (!value) return std::unexpected(value.error());
    total += *value;
    if (total > beyond_all || total < -beyond_all) return std::unexpected(too_long(text));
    complete = true;
  }
  return negative ? -total : total;
}

Parsed<Nanoseconds> parse(std::string_view text, DurationDialect dialect) {
  switch (dialect) {
    case DurationDialect::seconds:
      return parse_seconds(text);
    case DurationDialect::iso8601:
      return parse_iso(text);
    case DurationDialect::go:
    case DurationDialect::systemd:
      return parse_components(text, dialect);
    case DurationDialect::any:
      break;
  }
  const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const bool is_iso = text.size() > sign && detail::to_lower(text[sign]) == 'p';
  return is_iso ? parse_iso(text) : parse_components(text, dialect);
}

constexpr std::int64_t most_seconds = INT64_MAX;

/// What the tool behind a dialect can hold.
bool is_within(Nanoseconds value, DurationDialect dialect) noexcept {
  const bool is_go = dialect == DurationDialect::go || dialect == DurationDialect::any;
  if (is_go) return value >= Nanoseconds{INT64_MIN} && value <= Nanoseconds{INT64_MAX};
  if (dialect == DurationDialect::systemd) return value < (Nanoseconds{1} << 64) * microsecond - microsecond;
  return value < (Nanoseconds{most_seconds} + 1) * second && value >= -(Nanoseconds{most_seconds} + 1) * second;
}

bool is_infinity(std::string_view text) noexcept {
  Cursor cursor(text);
  take_space(cursor, DurationDialect::systemd);
  if (!cursor.rest().starts_with("infinity")) return false;
  cursor.move_to(cursor.position() + std::string_view("infinity").size());
  take_space(cursor, DurationDialect::systemd);
  return cursor.at_end();
}

}  // namespace

Parsed<Span> parse_span(std::string_view text, DurationDialect dialect) {
  if (text.empty()) return std::unexpected(ParseError{0, 0, "a duration was expected", std::string(example)});
  if (dialect == DurationDialect::systemd && is_infinity(text)) return Span{.infinite = true};
  const auto value = parse(text, dialect);
  if (!value) return std::unexpected(value.error());
  if (!is_within(*value, dialect)) return std::unexpected(ParseError{0, text.size(), "the duration is too long", {}});
  return Span{false, static_cast<std::int64_t>(*value / second), static_cast<std::int32_t>(*value % second)};
}

Parsed<Duration> parse_duration(std::string_view text, const DurationOptions& options) {
  if (text.empty()) return std::unexpected(ParseError{0, 0, "a duration was expected", std::string(example)});
  const auto value = parse(text, options.dialect);
  if (!value) return std::unexpected(value.error());
  if (*value < Nanoseconds{Duration::min().count()} || *value > Nanoseconds{Duration::max().count()}) {
    return std::unexpected(too_long(text));
  }
  const Duration span(static_cast<Duration::rep>(*value));
  const auto refuse = [&](std::string message) {
    return std::unexpected(ParseError{0, text.size(), std::move(message), {}});
  };
  if (span < Duration::zero() && !options.allow_negative) return refuse("a duration must not be negative here");
  if (span == Duration::zero() && !options.allow_zero) return refuse("a duration of zero is not accepted here");
  if (span < options.minimum)
    return refuse("the shortest duration accepted here is " + format_duration(options.minimum));
  if (span > options.maximum)
    return refuse("the longest duration accepted here is " + format_duration(options.maximum));
  return span;
}

}  // namespace belfry::time
