// The whole expression: how many fields there are, which is which, nicknames, and dates that never come.
#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "time/cron.hpp"
#include "time/cron_field.hpp"
#include "time/cron_repair.hpp"
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

/// What they are in Jenkins, where they spread the load.
constexpr std::array jenkins_nicknames = std::to_array<Nickname>({
    {"@yearly", "H H H H *"},
    {"@annually", "H H H H *"},
    {"@monthly", "H H H * *"},
    {"@weekly", "H H * * H"},
    {"@daily", "H H * * *"},
    {"@midnight", "H H(0-2) * * *"},
    {"@hourly", "H * * * *"},
});

Parsed<Cron> parse_nickname(Word word, const detail::CronReading& reading) {
  const bool spread = reading.dialect == CronDialect::jenkins && !reading.hash_key.empty();
  for (const Nickname& nickname : spread ? jenkins_nicknames : nicknames) {
    if (detail::same_word(word.text, nickname.name))
      return parse_cron(nickname.expression, CronDialect::standard, reading.hash_key);
  }
  ParseError error{word.offset, word.text.size(), "no schedule is called " + detail::quoted(word.text), {}};
  if (detail::same_word(word.text, "@reboot")) {
    error.message = "@reboot is an event, not a time";
    error.hint = "write `after: 0s` instead of the schedule: it is due when belfryd has started";
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
  using enum CronDialect;
  const bool needs_seconds = dialect == seconds || dialect == quartz;
  const bool only_five = dialect == cronie || dialect == jenkins;
  if (count == 5 && !needs_seconds) return Layout{false, false};
  if (only_five) return std::nullopt;
  if (count == 6) return dialect == vixie || dialect == year_last ? Layout{false, true} : Layout{true, false};
  if (count == 7 && dialect != vixie) return Layout{true, true};
  return std::nullopt;
}

ParseError wrong_count(std::string_view text, const Words& words, CronDialect dialect) {
  static constexpr std::string_view five = "5 fields were expected (minute hour day-of-month month weekday)";
  std::string expected(five);
  switch (dialect) {
    case CronDialect::standard:
      expected += ", or 6 with seconds in front";
      break;
    case CronDialect::vixie:
    case CronDialect::year_last:
      expected += ", or 6 with a year behind";
      break;
    case CronDialect::cronie:
    case CronDialect::jenkins:
      break;
    case CronDialect::seconds:
    case CronDialect::quartz:
      expected = "6 fields were expected (second minute hour day-of-month month weekday), or 7 with a year behind";
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

Parsed<Cron> detail::parse_cron_fields(std::string_view text, const CronReading& reading) {
  const CronDialect dialect = reading.dialect;
  const Words words = split(text);
  if (words.count == 1 && words.words[0].text.starts_with('@')) return parse_nickname(words.words[0], reading);
  const auto layout = layout_of(words.count, dialect);
  if (!layout) return std::unexpected(wrong_count(text, words, dialect));

  CronFields fields;
  fields.has_seconds = layout->seconds;
  fields.has_year =
      layout->year && words.words[words.count - 1].text != "*" && words.words[words.count - 1].text != "?";
  const auto parsed = parse_fields(std::span(words.words).first(words.count), *layout, reading, fields);
  if (!parsed) return std::unexpected(parsed.error());

  if (dialect == CronDialect::jenkins) fields.day_and_weekday = true;
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

Parsed<Cron> parse_cron(std::string_view text, CronDialect dialect, std::string_view hash_key) {
  const detail::CronReading reading{dialect, hash_key};
  auto cron = detail::parse_cron_fields(text, reading);
  if (cron || !cron.error().hint.empty()) return cron;
  const std::string nearest = detail::nearest_expression(text, cron.error(), reading);
  if (!nearest.empty()) cron.error().hint = "the nearest right one is \"" + nearest + "\"";
  return cron;
}

namespace {

constexpr std::array<std::string_view, 7> dialect_names{"ocps",      "vixie",  "cronie", "seconds",
                                                        "year_last", "quartz", "jenkins"};

}  // namespace

std::span<const std::string_view> cron_dialect_names() noexcept { return dialect_names; }

std::string_view to_string(CronDialect dialect) noexcept { return dialect_names[static_cast<std::size_t>(dialect)]; }

std::optional<CronDialect> cron_dialect_from(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(dialect_names, name);
  if (found == dialect_names.end()) return std::nullopt;
  return static_cast<CronDialect>(found - dialect_names.begin());
}

std::optional<ParseError> other_reading(std::string_view text, CronDialect dialect) {
  constexpr std::size_t ambiguous = 6;
  const auto layout = layout_of(ambiguous, dialect);
  const Words words = split(text);
  if (words.count != ambiguous || !layout || dialect == CronDialect::quartz) return std::nullopt;
  const CronDialect other_dialect = layout->seconds ? CronDialect::year_last : CronDialect::standard;
  const auto own = parse_cron(text, dialect);
  const auto other = parse_cron(text, other_dialect);
  if (!own || !other) return std::nullopt;
  const auto way = [](bool seconds) { return seconds ? "with the seconds in front" : "with a year behind"; };
  const std::string message = std::string("six fields are read ") + way(layout->seconds) + ": " + own->describe() +
                              "; other programs read them " + way(!layout->seconds) + ": " + other->describe();
  return ParseError{words.words[0].offset, text.size() - words.words[0].offset, message,
                    "say which is meant with `cron_dialect: " + std::string(to_string(dialect)) + "`, or `" +
                        std::string(to_string(other_dialect)) + "`, or write five fields"};
}

}  // namespace belfry::time
