// The whole expression: how many fields there are, which is which, nicknames, and dates that never come.
#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "time/cron.hpp"
#include "time/cron_field.hpp"
#include "time/suggest.hpp"
#include "time/text_cursor.hpp"

namespace belfry::time {
namespace {

using detail::CronFieldKind;
using detail::Word;

constexpr std::size_t most_fields = 7;

/// The blank-separated words of a text; `count` goes on beyond the array.
struct Words {
  std::array<Word, most_fields> words;
  std::size_t count = 0;
};

Words split(std::string_view text) noexcept {
  Words result;
  detail::Cursor cursor(text);
  cursor.take_blanks();
  while (!cursor.at_end()) {
    const std::size_t start = cursor.position();
    const std::string_view word = cursor.take_while([](char c) { return !detail::is_blank(c); });
    if (result.count < most_fields) result.words[result.count] = {word, start};
    ++result.count;
    cursor.take_blanks();
  }
  return result;
}

struct Nickname {
  std::string_view name;
  std::string_view expression;
};

constexpr std::array nicknames = std::to_array<Nickname>({
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
    {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
});

Parsed<Cron> parse_nickname(Word word) {
  for (const Nickname& nickname : nicknames) {
    if (detail::same_word(word.text, nickname.name)) return parse_cron(nickname.expression);
  }
  ParseError error{word.offset, word.text.size(), "no schedule is called " + detail::quoted(word.text), {}};
  if (detail::same_word(word.text, "@reboot")) {
    error.message = "@reboot is an event, not a time";
    error.hint = "a schedule needs a time, for example @daily";
    return std::unexpected(std::move(error));
  }
  std::array<std::string_view, nicknames.size()> names;
  std::ranges::transform(nicknames, names.begin(), &Nickname::name);
  error.hint = did_you_mean(word.text, names);
  if (error.hint.empty()) error.hint = "there are @hourly, @daily, @weekly, @monthly, @yearly and @every DURATION";
  return std::unexpected(std::move(error));
}

struct Layout {
  bool seconds;
  bool year;
};

/// Which fields `count` words are, if the dialect has such a form.
std::optional<Layout> layout_of(std::size_t count, CronDialect dialect) noexcept {
  const bool needs_seconds = dialect == CronDialect::seconds || dialect == CronDialect::quartz;
  if (count == 5 && !needs_seconds) return Layout{false, false};
  if (count == 6) return dialect == CronDialect::vixie ? Layout{false, true} : Layout{true, false};
  if (count == 7 && dialect != CronDialect::vixie) return Layout{true, true};
  return std::nullopt;
}

ParseError wrong_count(std::string_view text, const Words& words, CronDialect dialect) {
  std::string expected = "5 fields were expected (minute hour day-of-month month weekday), or 6 with seconds in front";
  if (dialect == CronDialect::seconds || dialect == CronDialect::quartz) {
    expected = "6 fields were expected (second minute hour day-of-month month weekday), or 7 with a year behind";
  }
  if (dialect == CronDialect::vixie) {
    expected = "5 fields were expected (minute hour day-of-month month weekday), or 6 with a year behind";
  }
  std::string hint = "for example \"30 2 * * 1-5\"";
  if (words.count > 0 && words.words[0].text.find("TZ=") != std::string_view::npos) {
    hint = "the time zone has a key of its own";
  }
  const bool too_many = words.count > most_fields;
  const std::size_t offset = too_many || words.count == 0 ? 0 : words.words[0].offset;
  return {offset, text.size() - offset, std::move(expected) + "; found " + std::to_string(words.count),
          std::move(hint)};
}

/// Why a date never comes, for people: the usual case is a day that a month does not have.
ParseError never_comes(const CronFields& fields, Word day) {
  ParseError error{day.offset, day.text.size(), "this combination of days, months and years never comes", {}};
  const bool plain_days =
      fields.days != 0 && fields.any_weekday && fields.days_from_end == 0 && fields.nearest_weekdays_from_end == 0;
  if (plain_days && !fields.has_year) {
    const bool only_february = fields.months == 1U << 2;
    error.message = only_february ? "February never has the day " + std::string(day.text)
                                  : "no month of the month field has the day " + std::string(day.text);
    error.hint = "L is the last day of the month";
  } else if (fields.has_year) {
    error.hint = "29 February comes in leap years only";
  }
  return error;
}

Parsed<void> parse_fields(std::span<const Word> words, Layout layout, const detail::CronReading& reading,
                          CronFields& fields) {
  constexpr std::array kinds{CronFieldKind::second, CronFieldKind::minute,  CronFieldKind::hour, CronFieldKind::day,
                             CronFieldKind::month,  CronFieldKind::weekday, CronFieldKind::year};
  const std::size_t first = layout.seconds ? 0 : 1;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto parsed = detail::parse_cron_field(kinds[first + i], words[i], reading, fields);
    if (!parsed) return parsed;
  }
  return {};
}

Parsed<void> check_question_marks(Word day, Word weekday) {
  if ((day.text == "?") != (weekday.text == "?")) return {};
  return std::unexpected(ParseError{day.offset, weekday.offset + weekday.text.size() - day.offset,
                                    "Quartz wants ? in either the day-of-month or the weekday field",
                                    "put ? into the one that does not matter"});
}

}  // namespace

Parsed<Cron> parse_cron(std::string_view text, CronDialect dialect, std::string_view hash_key) {
  const Words words = split(text);
  if (words.count == 1 && words.words[0].text.starts_with('@')) return parse_nickname(words.words[0]);
  const auto layout = layout_of(words.count, dialect);
  if (!layout) return std::unexpected(wrong_count(text, words, dialect));

  CronFields fields;
  fields.has_seconds = layout->seconds;
  fields.has_year =
      layout->year && words.words[words.count - 1].text != "*" && words.words[words.count - 1].text != "?";
  const auto parsed = parse_fields(std::span(words.words).first(words.count), *layout, {dialect, hash_key}, fields);
  if (!parsed) return std::unexpected(parsed.error());

  const std::size_t minute = layout->seconds ? 1 : 0;
  const Word day = words.words[minute + 2];
  if (dialect == CronDialect::quartz) {
    const auto checked = check_question_marks(day, words.words[minute + 4]);
    if (!checked) return std::unexpected(checked.error());
  }
  const auto is_wild = [](Word word) { return word.text.starts_with('*') || word.text.starts_with('?'); };
  fields.wild = is_wild(words.words[minute]) || is_wild(words.words[minute + 1]);
  Cron cron(fields);
  if (cron.never_fires()) return std::unexpected(never_comes(fields, day));
  return cron;
}

}  // namespace belfry::time
