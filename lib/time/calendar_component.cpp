#include "time/calendar_component.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace belfry::time::detail::calendar {
namespace {

/// 1970 to 2069 may be written with two digits, as systemd has it.
unsigned full_year(unsigned year) noexcept {
  if (year < 70) return year + 2000;
  return year < 100 ? year + 1900 : year;
}

/// The microseconds of the digits behind a point, the seventh rounded to the sixth as systemd does.
unsigned fraction_of(std::string_view digits) noexcept {
  constexpr std::size_t most_digits = 6;
  unsigned value = 0;
  for (std::size_t i = 0; i < most_digits; ++i) {
    value = value * 10 + (i < digits.size() ? static_cast<unsigned>(digits[i] - '0') : 0);
  }
  const bool round_up = digits.size() > most_digits && digits[most_digits] >= '5';
  return round_up ? value + 1 : value;
}

Parsed<unsigned> take_value(Cursor& cursor, unsigned unit) {
  const std::size_t start = cursor.position();
  const std::string_view digits = cursor.take_digits();
  if (digits.empty()) return std::unexpected(unexpected(cursor, "a number or *"));
  constexpr std::uint64_t too_large = 4'000;  // beyond every year, and in microseconds still an unsigned
  const auto value = detail::to_number(digits, too_large);
  if (value == too_large) return std::unexpected(cursor.error_since(start, "the number is too large"));
  const unsigned result = static_cast<unsigned>(value) * unit;
  if (cursor.peek() != '.' || cursor.peek_after() == '.') return result;
  if (unit == 1) return std::unexpected(cursor.error_here("only the seconds may have a fraction"));
  cursor.take('.');
  const std::string_view fraction = cursor.take_digits();
  if (fraction.empty()) return std::unexpected(cursor.error_here("a digit was expected after the point"));
  return result + fraction_of(fraction);
}

ParseError wrong(const Component::Entry& entry, std::string message, std::string hint = {}) {
  return {entry.offset, entry.length, std::move(message), std::move(hint)};
}

ParseError outside(const Component::Entry& entry, const Rule& rule) {
  const std::string most = std::to_string(rule.most / rule.unit);
  const std::string least = std::to_string(rule.least);
  return {entry.offset, entry.length, "the " + std::string(rule.name) + " is from " + least + " to " + most,
          "the nearest is " + (entry.first < rule.least ? least : most)};
}

/// As calendar_spec_normalize() of systemd.
void normalise(CalendarEntry& entry, const Rule& rule) noexcept {
  if (rule.base != 0) {
    entry.first = full_year(entry.first);
    if (entry.last) entry.last = full_year(*entry.last);
  }
  if (!entry.last || *entry.last < entry.first) return;
  if (entry.step > 0) *entry.last -= (*entry.last - entry.first) % entry.step;
  if (*entry.last == entry.first) {
    entry.step = 0;
    entry.last.reset();
  }
}

/// As calendar_spec_valid() of systemd, with words.
Parsed<void> check(const Component::Entry& entry, const Rule& rule, bool from_end) {
  const auto is_outside = [&](unsigned value) { return value < rule.least || value > rule.most; };
  if (is_outside(entry.first) || is_outside(entry.last.value_or(entry.first)))
    return std::unexpected(outside(entry, rule));
  if (entry.last && *entry.last < entry.first)
    return std::unexpected(wrong(entry, "the range ends before it begins", "write both parts, with a comma"));
  const unsigned room = from_end ? entry.first - rule.least : rule.most - entry.first;
  if (!entry.last && entry.step > room) {
    return std::unexpected(
        wrong(entry, "the step is at least 1 and must stay within the " + std::string(rule.name) + "s"));
  }
  return {};
}

// Days from the month's end count backwards, so that "~7/2" goes from the seventh last towards the last.
void add_from_end(Values& values, const CalendarEntry& entry, const Rule& rule) noexcept {
  const unsigned earliest = entry.last.value_or(entry.first);
  const unsigned latest = entry.step > 0 && !entry.last ? rule.least : entry.first;
  const unsigned step = std::max(entry.step, 1U);
  for (unsigned value = earliest; value >= latest; value -= step) {
    values.set(value);
    if (value < latest + step) break;
  }
}

void add(Values& values, const CalendarEntry& entry, const Rule& rule) noexcept {
  const unsigned last = entry.last.value_or(entry.step > 0 ? rule.most : entry.first);
  // Steps below the unit hit every unit on their way, so they are taken a unit at a time.
  if (entry.step > 0 && entry.step < rule.unit) {
    for (unsigned value = entry.first / rule.unit; value <= last / rule.unit; ++value) values.set(value);
    return;
  }
  for (unsigned value = entry.first; value <= last; value += std::max(entry.step, 1U)) {
    values.set((value - rule.base) / rule.unit);
    if (entry.step == 0) break;
  }
}

}  // namespace

ParseError unexpected(const Cursor& cursor, std::string_view expected) {
  const std::string found = cursor.at_end() ? "the end" : quoted(first_character(cursor.rest()));
  return cursor.error_here(std::string(expected) + " was expected, not " + found,
                           R"(for example "Mon..Fri *-*-* 09:00" or "daily")");
}

Parsed<Component> take_component(Cursor& cursor, unsigned unit) {
  Component component;
  component.any = cursor.take('*');
  if (component.any) return component;
  do {
    Component::Entry entry;
    entry.offset = cursor.position();
    const auto first = take_value(cursor, unit);
    if (!first) return std::unexpected(first.error());
    entry.first = *first;
    if (cursor.rest().starts_with("..")) {
      cursor.move_to(cursor.position() + 2);
      const auto last = take_value(cursor, unit);
      if (!last) return std::unexpected(last.error());
      entry.last = *last;
      entry.step = unit;
    }
    const bool stepped = cursor.take('/');
    if (stepped) {
      const auto step = take_value(cursor, unit);
      if (!step) return std::unexpected(step.error());
      entry.step = *step;
    }
    entry.length = cursor.position() - entry.offset;
    if (stepped && entry.step == 0) return std::unexpected(wrong(entry, "the step is at least 1"));
    if (unit > 1 && !stepped && entry.last && entry.first + unit > *entry.last)
      return std::unexpected(wrong(entry, "a range of seconds is at least a second long"));
    component.entries.push_back(entry);
  } while (cursor.take(','));
  return component;
}

Parsed<CalendarList> normalised(const Component& component, const Rule& rule, bool from_end) {
  CalendarList list;
  for (Component::Entry entry : component.entries) {
    normalise(entry, rule);
    const auto checked = check(entry, rule, from_end);
    if (!checked) return std::unexpected(checked.error());
    list.push_back(entry);
  }
  std::ranges::sort(list);
  const auto doubled = std::ranges::unique(list);
  list.erase(doubled.begin(), doubled.end());
  return list;
}

Values values_of(const CalendarList& list, const Rule& rule, bool from_end) {
  Values values;
  if (list.empty()) add(values, {rule.least, std::nullopt, rule.unit}, rule);
  for (const CalendarEntry& entry : list) {
    from_end ? add_from_end(values, entry, rule) : add(values, entry, rule);
  }
  return values;
}

}  // namespace belfry::time::detail::calendar
