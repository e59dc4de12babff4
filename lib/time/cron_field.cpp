#include "time/cron_field.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "time/cron_field_rule.hpp"
#include "time/suggest.hpp"
#include "time/text_cursor.hpp"

namespace belfry::time::detail {
namespace {

constexpr std::uint64_t longest_step = 1'000'000'000;

class FieldParser {
 public:
  FieldParser(CronFieldKind kind, Word word, const CronReading& reading, CronFields& fields) noexcept
      : kind_(kind),
        dialect_(reading.dialect),
        hash_key_(reading.hash_key),
        rule_(cron_field_rule(kind, reading.dialect)),
        word_(word),
        cursor_(word.text, word.offset),
        fields_(fields) {}

  Parsed<void> parse() {
    take_plus();
    const bool free = word_.text == "*" || word_.text == "?";
    const bool vixie = dialect_ == CronDialect::vixie || dialect_ == CronDialect::cronie;
    const bool star = free || (vixie && word_.text.starts_with('*'));
    if (kind_ == CronFieldKind::day) fields_.any_day = star;
    if (kind_ == CronFieldKind::weekday) fields_.any_weekday = star;
    do {
      const auto entry = take_entry();
      if (!entry) return entry;
      if (!cursor_.at_end() && cursor_.peek() != ',') return std::unexpected(unexpected_byte());
    } while (cursor_.take(','));
    store();
    return {};
  }

 private:
  using Values = std::bitset<256>;  // by value minus the base of the field

  unsigned base() const noexcept { return kind_ == CronFieldKind::year ? rule_.least : 0; }
  std::string field() const { return "the " + std::string(rule_.name) + " field"; }

  std::string takes() const {
    std::string text = field() + " takes " + std::to_string(rule_.least) + "-" + std::to_string(rule_.most);
    if (!rule_.names.empty()) text += " or " + std::string(rule_.names.front()) + "-" + std::string(rule_.names.back());
    return text;
  }

  // OCPS 1.4: a plus in front of the weekdays asks for both day fields instead of either.
  void take_plus() noexcept {
    const bool applies = kind_ == CronFieldKind::weekday && dialect_ != CronDialect::quartz && word_.text.size() > 1;
    const bool restricts = is_word_byte(cursor_.peek_after()) || word_.text.starts_with("+*/");
    if (applies && restricts && cursor_.take('+')) fields_.day_and_weekday = true;
  }

  static bool is_word_byte(char c) noexcept { return is_digit(c) || is_letter(c); }

  Parsed<void> take_entry() {
    if (cursor_.at_end() || cursor_.peek() == ',') return std::unexpected(empty_entry());
    if (cursor_.peek() == '?') return take_question_mark();
    if (cursor_.take('*')) return take_step(rule_.least, rule_.most_of_star, false);
    if (to_lower(cursor_.peek()) == 'h' && !is_letter(cursor_.peek_after())) return take_hash();
    if (kind_ == CronFieldKind::day && to_lower(cursor_.peek()) == 'l') return take_last_day();
    if (kind_ == CronFieldKind::weekday && dialect_ == CronDialect::quartz && same_word(word_.text, "L")) {
      cursor_.take(cursor_.peek());
      return add(7, 7, 1);  // Quartz: the last day of the week
    }
    if (dialect_ == CronDialect::cronie && cursor_.peek() == '~') return take_random(rule_.least);
    const auto first = take_value(0);
    if (!first) return std::unexpected(first.error());
    if (dialect_ == CronDialect::cronie && cursor_.peek() == '~') return take_random(*first);
    if (kind_ == CronFieldKind::day && to_lower(cursor_.peek()) == 'w') return take_nearest(*first);
    if (kind_ == CronFieldKind::weekday && to_lower(cursor_.peek()) == 'l') return take_last_weekday(*first);
    if (kind_ == CronFieldKind::weekday && cursor_.peek() == '#') return take_nth(*first);
    if (!cursor_.take('-')) return take_step(*first, cursor_.peek() == '/' ? most_from(*first) : *first, false);
    const auto last = take_value(*first);
    if (!last) return std::unexpected(last.error());
    return take_step(*first, *last, true);
  }

  unsigned most_from(unsigned first) const noexcept { return std::max(first, rule_.most_of_star); }

  Parsed<void> take_question_mark() {
    if (word_.text != "?")
      return std::unexpected(cursor_.error_here("? stands alone in a field", "write * inside a list"));
    const bool is_day = kind_ == CronFieldKind::day || kind_ == CronFieldKind::weekday;
    if (dialect_ == CronDialect::quartz && !is_day) {
      return std::unexpected(
          cursor_.error_here("Quartz has ? only in the day-of-month or the weekday field", "write *"));
    }
    cursor_.take('?');
    return add(rule_.least, rule_.most_of_star, 1);
  }

  /// A number or a name. `after` is the value in front of the `-` of a range, 0 if there is none.
  Parsed<unsigned> take_value(unsigned after) {
    const std::size_t start = cursor_.position();
    const std::string_view digits = cursor_.take_digits();
    if (!digits.empty()) {
      const std::uint64_t value = to_number(digits, longest_step);
      if (value >= rule_.least && value <= rule_.most) return static_cast<unsigned>(value);
      return std::unexpected(out_of_range(start, digits));
    }
    const std::string_view word = cursor_.take_while(is_letter);
    if (word.empty()) return std::unexpected(unexpected_byte());
    const auto found = std::ranges::find_if(rule_.names, [&](auto name) { return same_word(word, name); });
    if (found != rule_.names.end()) return value_of(*found, after);
    // FRIL: the L belongs to what follows
    const std::string_view front = word.substr(0, word.size() - 1);
    const auto with_l = std::ranges::find_if(rule_.names, [&](auto name) { return same_word(front, name); });
    if (kind_ == CronFieldKind::weekday && to_lower(word.back()) == 'l' && with_l != rule_.names.end()) {
      cursor_.move_to(cursor_.position() - 1);
      return value_of(*with_l, after);
    }
    return std::unexpected(unknown_word(start, word));
  }

  unsigned value_of(std::string_view name, unsigned after) const noexcept {
    const auto place = static_cast<unsigned>(std::ranges::find(rule_.names, name) - rule_.names.begin());
    const bool week_ends =
        dialect_ != CronDialect::quartz && kind_ == CronFieldKind::weekday && place == 0 && after > 0;
    return week_ends ? 7 : rule_.least + place;  // SAT-SUN is 6-7
  }

  /// The number behind a slash; 1 if there is no slash.
  Parsed<unsigned> take_step_width() {
    if (!cursor_.take('/')) return 1U;
    const std::size_t start = cursor_.position();
    const std::string_view digits = cursor_.take_digits();
    if (digits.empty()) {
      return std::unexpected(cursor_.error_here("a number was expected after / in " + field(), "for example */5"));
    }
    const std::uint64_t step = to_number(digits, longest_step);
    const std::uint64_t most = dialect_ == CronDialect::quartz ? rule_.most : longest_step - 1;
    if (step >= 1 && step <= most) return static_cast<unsigned>(step);
    return std::unexpected(
        cursor_.error_since(start, "a step of " + field() + " is at least 1 and at most " + std::to_string(most),
                            step == 0 ? "every one is *, or */1" : "the nearest is " + std::to_string(most)));
  }

  Parsed<void> take_step(unsigned first, unsigned last, bool is_range) {
    const std::size_t end = cursor_.position();
    const auto step = take_step_width();
    if (!step) return std::unexpected(step.error());
    if (first > last && is_range && !can_wrap()) return std::unexpected(inverted(first, last, end));
    return add(first, last, *step);
  }

  bool can_wrap() const noexcept { return dialect_ == CronDialect::quartz && kind_ != CronFieldKind::year; }

  Parsed<void> add(unsigned first, unsigned last, unsigned step) {
    const unsigned span = rule_.most - rule_.least + 1;
    if (last < first) last += span;
    for (std::uint64_t value = first; value <= last; value += step) {
      values_.set(rule_.least - base() + (value - rule_.least) % span);
    }
    return {};
  }

  /// H, H(1-5), H/15, H(0-29)/10: one value, or one offset below the step, chosen by the key.
  Parsed<void> take_hash() {
    const std::size_t start = cursor_.position();
    cursor_.take(cursor_.peek());
    if (hash_key_.empty() || kind_ == CronFieldKind::year) {
      return std::unexpected(
          cursor_.error_since(start, takes() + ", not H", "H needs the name of a job, and no year field"));
    }
    constexpr unsigned shortest_month = 28;  // a day that every month has
    unsigned first = rule_.least;
    unsigned last = kind_ == CronFieldKind::day ? shortest_month : rule_.most_of_star;
    const bool ranged = cursor_.take('(');
    if (ranged) {
      const auto from = take_value(0);
      if (!from) return std::unexpected(from.error());
      if (!cursor_.take('-'))
        return std::unexpected(cursor_.error_here("H takes a range in parentheses", "for example H(0-29)"));
      const auto to = take_value(*from);
      if (!to) return std::unexpected(to.error());
      if (*from > *to)
        return std::unexpected(cursor_.error_since(start, "the range of H in " + field() + " ends before it begins"));
      if (!cursor_.take(')'))
        return std::unexpected(cursor_.error_here("the parenthesis of H is not closed", "for example H(0-29)"));
      first = *from;
      last = *to;
    }
    const std::uint64_t hash = cron_hash(hash_key_, kind_);
    if (cursor_.peek() != '/') {
      const auto value = first + static_cast<unsigned>(hash % (last - first + 1));
      return add(value, value, 1);
    }
    const auto step = take_step_width();
    if (!step) return std::unexpected(step.error());
    if (!ranged) last = rule_.most_of_star;
    const unsigned offset = static_cast<unsigned>(hash % std::min<std::uint64_t>(*step, last - first + 1));
    return add(first + offset, last, *step);
  }

  /// cronie's ~, 5~, ~20 and 5~20: a value of the range that is chosen once. Here by the key, so that it stays.
  Parsed<void> take_random(unsigned first) {
    const std::size_t start = cursor_.position();
    cursor_.take('~');
    if (hash_key_.empty()) {
      return std::unexpected(cursor_.error_since(start, takes() + ", not ~", "~ needs the name of a job"));
    }
    unsigned last = rule_.most_of_star;
    if (!cursor_.at_end() && cursor_.peek() != ',') {
      const auto end = take_value(first);
      if (!end) return std::unexpected(end.error());
      last = *end;
    }
    if (first > last) {
      return std::unexpected(cursor_.error_since(start, "the range of ~ in " + field() + " ends before it begins",
                                                 "write the lower first"));
    }
    const auto value = first + static_cast<unsigned>(cron_hash(hash_key_, kind_) % (last - first + 1));
    return add(value, value, 1);
  }

  Parsed<void> take_last_day() {
    const std::size_t start = cursor_.position();
    cursor_.take(cursor_.peek());
    unsigned from_end = 0;
    if (cursor_.take('-')) {
      const std::size_t number_at = cursor_.position();
      const std::string_view digits = cursor_.take_digits();
      const std::uint64_t number = to_number(digits, longest_step);
      if (digits.empty() || number > 30) {
        if (digits.empty())
          return std::unexpected(cursor_.error_here("L- in the day-of-month field needs a number from 0 to 30"));
        return std::unexpected(cursor_.error_since(
            number_at, "L- in the day-of-month field takes 0-30, not " + std::string(digits.substr(0, 20))));
      }
      from_end = static_cast<unsigned>(number);
    }
    const bool nearest = to_lower(cursor_.peek()) == 'w';
    if (nearest) cursor_.take(cursor_.peek());
    if (!cursor_.at_end() && cursor_.peek() != ',') {
      return std::unexpected(cursor_.error_since(start, "L, L-3, LW and L-3W are the forms of the last day",
                                                 "steps and ranges do not go with L"));
    }
    (nearest ? fields_.nearest_weekdays_from_end : fields_.days_from_end) |= std::uint32_t{1} << from_end;
    return {};
  }

  Parsed<void> take_nearest(unsigned value) {
    cursor_.take(cursor_.peek());
    fields_.nearest_weekdays |= std::uint32_t{1} << value;
    return {};
  }

  /// 0 to 6, whatever the dialect counts from.
  unsigned weekday_of(unsigned value) const noexcept { return (value - rule_.least) % 7; }

  Parsed<void> take_last_weekday(unsigned value) {
    cursor_.take(cursor_.peek());
    fields_.last_weekdays = static_cast<std::uint8_t>(fields_.last_weekdays | 1U << weekday_of(value));
    return {};
  }

  Parsed<void> take_nth(unsigned value) {
    const std::size_t start = cursor_.position();
    cursor_.take('#');
    if (to_lower(cursor_.peek()) == 'l') return take_last_weekday(value);
    const std::string_view digits = cursor_.take_digits();
    const std::uint64_t number = to_number(digits, longest_step);
    if (digits.size() != 1 || number < 1 || number > 5) {
      return std::unexpected(cursor_.error_since(start, "# in the weekday field takes 1-5 (which one of the month)",
                                                 "5#2 is the second Friday, 5L the last"));
    }
    std::uint8_t& week = fields_.nth_weekdays[number - 1];
    week = static_cast<std::uint8_t>(week | 1U << weekday_of(value));
    return {};
  }

  void store() noexcept {
    const auto bits = [this] { return (values_ & Values(~0ULL)).to_ullong(); };
    switch (kind_) {
      case CronFieldKind::second:
        fields_.seconds = bits();
        break;
      case CronFieldKind::minute:
        fields_.minutes = bits();
        break;
      case CronFieldKind::hour:
        fields_.hours = static_cast<std::uint32_t>(bits());
        break;
      case CronFieldKind::day:
        fields_.days = static_cast<std::uint32_t>(bits());
        break;
      case CronFieldKind::month:
        fields_.months = static_cast<std::uint32_t>(bits());
        break;
      case CronFieldKind::weekday:
        for (unsigned value = rule_.least; value <= rule_.most; ++value) {
          if (values_.test(value))
            fields_.weekdays = static_cast<std::uint8_t>(fields_.weekdays | 1U << weekday_of(value));
        }
        break;
      case CronFieldKind::year:
        for (std::size_t n = 0; n < fields_.years.size() * 64; ++n) {
          fields_.years[n / 64] |= std::uint64_t{values_.test(n)} << (n % 64);
        }
        break;
    }
  }

  ParseError empty_entry() const { return cursor_.error_here("an entry of the list in " + field() + " is empty", {}); }

  ParseError unexpected_byte() const {
    if (cursor_.at_end()) return cursor_.error_here("a value was expected at the end: " + takes());
    return cursor_.error_here(takes() + ", not " + quoted(first_character(cursor_.rest())));
  }

  ParseError out_of_range(std::size_t start, std::string_view digits) const {
    const bool below = to_number(digits, longest_step) < rule_.least;
    return cursor_.error_since(start, takes() + ", not " + std::string(digits.substr(0, 20)),
                               "the nearest is " + std::to_string(below ? rule_.least : rule_.most));
  }

  ParseError unknown_word(std::size_t start, std::string_view word) const {
    const bool cut = !rule_.names.empty() && word.size() > 3 &&
                     std::ranges::any_of(rule_.names, [&](auto name) { return same_word(word.substr(0, 3), name); });
    std::string hint =
        cut ? "names have three letters: " + std::string(word.substr(0, 3)) : did_you_mean(word, rule_.names);
    if (kind_ == CronFieldKind::weekday && same_word(word, "L"))
      hint = "write which one: 5L is the last Friday of the month";
    return cursor_.error_since(start, takes() + ", not " + quoted(word), std::move(hint));
  }

  ParseError inverted(unsigned first, unsigned last, std::size_t end) const {
    const auto number = [](unsigned value) { return std::to_string(value); };
    const std::string split = number(first) + "-" + number(std::max(first, rule_.most_of_star)) + "," +
                              number(rule_.least) + "-" + number(last);
    Cursor at_range = cursor_;
    at_range.move_to(end);
    return at_range.error_since(entry_start(end), "the range in " + field() + " ends before it begins",
                                "write " + split);
  }

  std::size_t entry_start(std::size_t end) const noexcept {
    const std::size_t comma = word_.text.substr(0, end).rfind(',');
    return comma == std::string_view::npos ? 0 : comma + 1;
  }

  CronFieldKind kind_;
  CronDialect dialect_;
  std::string_view hash_key_;
  CronFieldRule rule_;
  Word word_;
  Cursor cursor_;
  CronFields& fields_;
  Values values_;
};

}  // namespace

Parsed<void> parse_cron_field(CronFieldKind kind, Word word, const CronReading& reading, CronFields& fields) {
  return FieldParser(kind, word, reading, fields).parse();
}

}  // namespace belfry::time::detail
