#include "time/calendar_component.hpp"

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

Parsed<unsigned> take_value(Cursor& cursor) {
  const std::size_t start = cursor.position();
  const std::string_view digits = cursor.take_digits();
  if (digits.empty()) return std::unexpected(unexpected(cursor, "a number or *"));
  constexpr std::uint64_t too_large = 1'000'000;
  if (cursor.peek() == '.' && detail::is_digit(cursor.peek_after())) {
    return std::unexpected(cursor.error_here("fractions of a second are not supported in a calendar expression",
                                             "use `every` for short intervals"));
  }
  const auto value = detail::to_number(digits, too_large);
  if (value == too_large) return std::unexpected(cursor.error_since(start, "the number is too large"));
  return static_cast<unsigned>(value);
}

ParseError wrong(const Entry& entry, std::string message) {
  return {entry.offset, entry.length, std::move(message), {}};
}

// Days from the month's end count backwards, so that "~7/2" goes from the seventh last towards the last.
void add(Values& values, const Entry& entry, unsigned last, unsigned step, const Rule& rule, bool from_end) noexcept {
  if (!from_end) {
    for (unsigned value = entry.first; value <= last; value += step) values.set(value - rule.base);
    return;
  }
  const unsigned earliest = entry.last ? last : entry.first;
  const unsigned latest = entry.step && !entry.last ? rule.least : entry.first;
  for (unsigned value = earliest; value >= latest && value >= rule.least; value -= step) {
    values.set(value);
    if (value < step) break;
  }
}

}  // namespace

ParseError unexpected(const Cursor& cursor, std::string_view expected) {
  const std::string found = cursor.at_end() ? "the end" : quoted(first_character(cursor.rest()));
  return cursor.error_here(std::string(expected) + " was expected, not " + found,
                           R"(for example "Mon..Fri *-*-* 09:00" or "daily")");
}

Parsed<Component> take_component(Cursor& cursor) {
  Component component;
  component.any = cursor.take('*');
  if (component.any) return component;
  do {
    Entry entry;
    entry.offset = cursor.position();
    const auto first = take_value(cursor);
    if (!first) return std::unexpected(first.error());
    entry.first = *first;
    if (cursor.rest().starts_with("..")) {
      cursor.move_to(cursor.position() + 2);
      const auto last = take_value(cursor);
      if (!last) return std::unexpected(last.error());
      entry.last = *last;
    }
    if (cursor.take('/')) {
      const auto step = take_value(cursor);
      if (!step) return std::unexpected(step.error());
      entry.step = *step;
    }
    entry.length = cursor.position() - entry.offset;
    component.entries.push_back(entry);
  } while (cursor.take(','));
  return component;
}

Parsed<Values> values_of(const Component& component, const Rule& rule, bool from_end) {
  Values values;
  if (component.any) {
    for (unsigned value = rule.least; value <= rule.most; ++value) values.set(value - rule.base);
  }
  for (Entry entry : component.entries) {
    if (rule.base != 0) {
      entry.first = full_year(entry.first);
      if (entry.last) entry.last = full_year(*entry.last);
    }
    const unsigned last = entry.last.value_or(entry.step ? rule.most : entry.first);
    if (entry.first < rule.least || last > rule.most) {
      return std::unexpected(wrong(entry, "the " + std::string(rule.name) + " is from " + std::to_string(rule.least) +
                                              " to " + std::to_string(rule.most)));
    }
    if (last < entry.first) return std::unexpected(wrong(entry, "the range ends before it begins"));
    const unsigned step = entry.step.value_or(1);
    const unsigned room = from_end && !entry.last ? entry.first - rule.least : rule.most - entry.first;
    if (step == 0 || (entry.step && step > room))
      return std::unexpected(
          wrong(entry, "the step is at least 1 and must stay within the " + std::string(rule.name) + "s"));
    add(values, entry, last, step, rule, from_end);
  }
  return values;
}

}  // namespace belfry::time::detail::calendar
