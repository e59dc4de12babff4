#include "time/schedule.hpp"

#include "time/at.hpp"
#include "time/calendar.hpp"
#include "time/duration.hpp"
#include "time/every.hpp"
#include "time/instant.hpp"
#include "time/text_cursor.hpp"

namespace belfry::time {
namespace {

using Schedule = Parsed<std::shared_ptr<const Trigger>>;

/// Where the rest of "@every 5m" begins behind its `nickname`, or none for another text.
std::optional<std::size_t> behind(std::string_view nickname, std::string_view text) noexcept {
  detail::Cursor cursor(text);
  cursor.take_blanks();
  const std::string_view word = cursor.take_while([](char c) { return !detail::is_blank(c); });
  if (!detail::same_word(word, nickname)) return std::nullopt;
  cursor.take_blanks();
  return cursor.position();
}

/// The error of a part of the text that begins at `start`.
std::unexpected<ParseError> at_offset(ParseError error, std::size_t start) {
  error.offset += start;
  return std::unexpected(std::move(error));
}

/// Where " from " is in "5m from 2026-01-01".
std::size_t find_from(std::string_view text) noexcept {
  constexpr std::string_view from = " from ";
  for (std::size_t at = 0; at + from.size() <= text.size(); ++at) {
    if (detail::same_word(text.substr(at, from.size()), from)) return at;
  }
  return text.size();
}

Schedule parse_every(std::string_view text, std::size_t start, const ScheduleOptions& options) {
  const std::string_view rest = text.substr(start);
  const std::size_t from = find_from(rest);
  auto interval = parse_duration(rest.substr(0, from), {.dialect = DurationDialect::go, .allow_zero = false});
  if (!interval) return at_offset(std::move(interval).error(), start);
  if (from == rest.size()) return std::make_shared<const EveryTrigger>(*interval, options.every_anchor);
  const std::size_t anchor_at = from + 6;
  auto anchor = parse_time(rest.substr(anchor_at), options.zone);
  if (!anchor) return at_offset(std::move(anchor).error(), start + anchor_at);
  return std::make_shared<const EveryTrigger>(*interval, *anchor);
}

Schedule parse_at(std::string_view text, std::size_t start, const ScheduleOptions& options) {
  auto instant = parse_time(text.substr(start), options.zone);
  if (!instant) return at_offset(std::move(instant).error(), start);
  return std::make_shared<const AtTrigger>(*instant, options.zone);
}

}  // namespace

Parsed<std::shared_ptr<const Trigger>> parse_schedule(std::string_view text, const ScheduleOptions& options) {
  if (const auto start = behind("@every", text)) return parse_every(text, *start, options);
  if (const auto start = behind("@at", text)) return parse_at(text, *start, options);
  if (looks_like_calendar(text)) {
    auto calendar = parse_calendar(text);
    if (!calendar) return std::unexpected(std::move(calendar).error());
    if (calendar->pattern.never_fires()) {
      return std::unexpected(ParseError{0, text.size(), "this combination of days, months and years never comes", {}});
    }
    return std::make_shared<const CalendarTrigger>(*std::move(calendar), options.zone, options.dst);
  }
  auto cron = parse_cron(text, options.dialect, options.hash_key);
  if (!cron) return std::unexpected(std::move(cron).error());
  return std::make_shared<const CronTrigger>(*cron, options.zone, options.dst);
}

}  // namespace belfry::time
