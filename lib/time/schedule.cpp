#include "time/schedule.hpp"

#include "time/calendar.hpp"
#include "time/duration.hpp"
#include "time/every.hpp"
#include "time/text_cursor.hpp"

namespace belfry::time {
namespace {

constexpr std::string_view every = "@every";

/// Where the duration of "@every 5m" begins, or none for another text.
std::optional<std::size_t> duration_of_every(std::string_view text) noexcept {
  detail::Cursor cursor(text);
  cursor.take_blanks();
  const std::string_view word = cursor.take_while([](char c) { return !detail::is_blank(c); });
  if (!detail::same_word(word, every)) return std::nullopt;
  cursor.take_blanks();
  return cursor.position();
}

}  // namespace

Parsed<std::shared_ptr<const Trigger>> parse_schedule(std::string_view text, const ScheduleOptions& options) {
  if (const auto start = duration_of_every(text)) {
    auto interval = parse_duration(text.substr(*start), DurationOptions{.allow_zero = false});
    if (!interval) {
      interval.error().offset += *start;
      return std::unexpected(std::move(interval).error());
    }
    return std::make_shared<const EveryTrigger>(*interval, options.every_anchor);
  }
  if (looks_like_calendar(text)) {
    auto calendar = parse_calendar(text);
    if (!calendar) return std::unexpected(std::move(calendar).error());
    if (calendar->pattern.never_fires()) {
      return std::unexpected(ParseError{0, text.size(), "this combination of days, months and years never comes", {}});
    }
    return std::make_shared<const CronTrigger>(calendar->pattern, calendar->zone.value_or(options.zone), options.dst);
  }
  auto cron = parse_cron(text, options.dialect, options.hash_key);
  if (!cron) return std::unexpected(std::move(cron).error());
  return std::make_shared<const CronTrigger>(*cron, options.zone, options.dst);
}

}  // namespace belfry::time
