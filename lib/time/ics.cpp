#include "time/ics.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "time/ics_rule.hpp"
#include "time/text_cursor.hpp"

namespace belfry::time {
namespace {

using detail::same_word;
using std::chrono::days;

constexpr std::size_t deepest_nesting = 16;
constexpr days longest_event{3660};
constexpr std::size_t most_spans = 500'000;  // before a rule adds its own, at most one a day

struct Problem {
  std::size_t line;
  std::string message;
};
using Done = std::expected<void, Problem>;

std::unexpected<Problem> wrong(std::size_t line, std::string message) {
  return std::unexpected(Problem{line, std::move(message)});
}

/// A content line with its folds undone: NAME;PARAMETERS:VALUE.
struct Property {
  std::size_t line = 0;
  std::string_view name;
  std::string_view parameters;  ///< with the semicolon in front
  std::string_view value;
};

/// Cuts the text into content lines.
class Lines {
 public:
  explicit Lines(std::string_view text) noexcept : rest_(text) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }

  std::size_t line() const noexcept { return first_; }

  /// The next line that is not empty; it is valid until the next call.
  std::optional<std::string_view> next() {
    while (!rest_.empty()) {
      first_ = count_ + 1;
      std::string_view line = take();
      if (!folded()) {
        if (line.empty()) continue;
        return line;
      }
      unfolded_.assign(line);
      while (folded()) unfolded_ += take().substr(1);
      return unfolded_;
    }
    return std::nullopt;
  }

 private:
  bool folded() const noexcept { return !rest_.empty() && detail::is_blank(rest_.front()); }

  std::string_view take() noexcept {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++count_;
    return line;
  }

  std::string_view rest_;
  std::string unfolded_;
  std::size_t count_ = 0;
  std::size_t first_ = 0;
};

/// Where the value begins: at the first colon that is not in quotes.
std::expected<Property, Problem> split(std::string_view text, std::size_t line) {
  bool in_quotes = false;
  std::size_t name_end = std::string_view::npos;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') in_quotes = !in_quotes;
    if (in_quotes || (text[i] != ';' && text[i] != ':')) continue;
    name_end = std::min(name_end, i);
    if (text[i] == ':') {
      return Property{line, text.substr(0, name_end), text.substr(name_end, i - name_end), text.substr(i + 1)};
    }
  }
  return wrong(line, "a line of iCalendar is NAME:VALUE, not " + detail::quoted(text));
}

bool has_parameter(const Property& property, std::string_view wanted) noexcept {
  std::string_view rest = property.parameters;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find(';'), rest.size());
    if (same_word(rest.substr(0, end), wanted)) return true;
    rest.remove_prefix(end);
  }
  return false;
}

/// A date, and how it was written.
struct When {
  LocalDay day;
  bool is_date = false;      ///< without a time of day
  bool is_midnight = false;  ///< 00:00 on some clock on the wall
};

std::expected<When, Problem> parse_when(const Property& property, std::string_view text) {
  const auto day = detail::parse_ics_date(text);
  if (!day) {
    return wrong(property.line, std::string(property.name) + " takes a date from 1900 to 2199 such as 20261224, not " +
                                    detail::quoted(text));
  }
  return When{*day, text.size() == 8, text.size() == 15 && text.substr(9) == "000000"};
}

struct Event {
  std::size_t line = 0;
  std::string uid;
  std::optional<When> start;
  std::optional<When> end;
  std::optional<days> duration;
  std::optional<LocalDay> replaces;  ///< RECURRENCE-ID: the date of the instance that it stands for
  std::vector<std::pair<std::size_t, std::string>> rules;  ///< with their lines
  std::vector<LocalDay> more;
  std::set<LocalDay> fewer;
  bool cancelled = false;

  bool is_all_day() const noexcept {
    const auto whole = [](const std::optional<When>& when) { return !when || when->is_date || when->is_midnight; };
    return start && whole(start) && whole(end) && (start->is_date || end || duration);
  }
};

/// "P1D", "P2W"; none for one with hours, or for no duration.
std::optional<days> parse_whole_days(std::string_view text) noexcept {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.size() < 3 || text.size() > 6 || detail::to_lower(text[0]) != 'p') return std::nullopt;
  const std::string_view digits = text.substr(1, text.size() - 2);
  const char unit = detail::to_lower(text.back());
  if (!std::ranges::all_of(digits, detail::is_digit) || (unit != 'd' && unit != 'w')) return std::nullopt;
  return days{static_cast<int>(detail::to_number(digits, 10'000)) * (unit == 'w' ? 7 : 1)};
}

class IcsParser {
 public:
  explicit IcsParser(std::string_view text) noexcept : lines_(text) {}

  std::expected<IcsCalendar, Problem> parse() {
    if (const auto read = read_events(); !read) return std::unexpected(read.error());
    std::map<std::string, std::vector<LocalDay>, std::less<>> replaced;
    for (const Event& event : events_) {
      if (event.replaces && !event.uid.empty()) replaced[event.uid].push_back(*event.replaces);
    }
    for (Event& event : events_) {
      if (!event.is_all_day()) {
        ++calendar_.timed_events;
        continue;
      }
      const auto found = replaced.find(event.uid);
      if (!event.replaces && found != replaced.end()) event.fewer.insert(found->second.begin(), found->second.end());
      if (const auto added = add(event); !added) return std::unexpected(added.error());
    }
    std::ranges::sort(spans_);
    for (const auto& [first, last] : spans_) calendar_.days.add_span(first, last);
    return std::move(calendar_);
  }

 private:
  Done read_events() {
    bool begun = false;
    while (const auto text = lines_.next()) {
      const auto property = split(*text, lines_.line());
      if (!property) return std::unexpected(property.error());
      if (!begun && !(same_word(property->name, "BEGIN") && same_word(property->value, "VCALENDAR"))) {
        return wrong(property->line, "an iCalendar file begins with BEGIN:VCALENDAR");
      }
      begun = true;
      if (const auto taken = take(*property); !taken) return taken;
    }
    if (!begun) return wrong(1, "an iCalendar file begins with BEGIN:VCALENDAR, and this one is empty");
    if (!open_.empty()) return wrong(lines_.line(), "the file ends inside of " + detail::quoted(open_.back()));
    return {};
  }

  Done take(const Property& property) {
    if (same_word(property.name, "BEGIN")) {
      if (open_.size() == deepest_nesting) return wrong(property.line, "components are nested too deeply");
      open_.emplace_back(property.value);
      kinds_.push_back(same_word(property.value, "VEVENT") ? Kind::event : Kind::other);
      if (kinds_.back() == Kind::event) events_.emplace_back().line = property.line;
      return {};
    }
    if (same_word(property.name, "END")) {
      if (open_.empty() || !same_word(open_.back(), property.value)) {
        return wrong(property.line, "the end of " + detail::quoted(property.value) + ", which has not begun");
      }
      const bool event = kinds_.back() == Kind::event;
      open_.pop_back();
      kinds_.pop_back();
      return event ? check(events_.back()) : Done{};
    }
    if (open_.empty()) return wrong(property.line, "nothing may stand behind END:VCALENDAR but another calendar");
    if (same_word(property.name, "CALSCALE") && !same_word(property.value, "GREGORIAN")) {
      return wrong(property.line, "only the Gregorian calendar is supported");
    }
    return kinds_.back() == Kind::event ? take_of_event(property, events_.back()) : Done{};
  }

  Done take_of_event(const Property& property, Event& event) {
    const auto is = [&property](std::string_view name) { return same_word(property.name, name); };
    if (is("UID")) event.uid = property.value;
    if (is("STATUS")) event.cancelled = same_word(property.value, "CANCELLED");
    if (is("DTSTART")) return take_when(property, event.start);
    if (is("DTEND")) return take_when(property, event.end);
    if (is("DURATION")) event.duration = parse_whole_days(property.value);
    if (is("RDATE") || is("EXDATE")) return take_dates(property, event);
    if (is("RRULE")) event.rules.emplace_back(property.line, property.value);
    if (is("EXRULE")) return wrong(property.line, "EXRULE is not supported: write the exceptions as EXDATE");
    if (is("RECURRENCE-ID")) return take_recurrence_id(property, event);
    return {};
  }

  static Done take_when(const Property& property, std::optional<When>& when) {
    if (when) return wrong(property.line, std::string(property.name) + " is given twice");
    const auto parsed = parse_when(property, property.value);
    if (!parsed) return std::unexpected(parsed.error());
    when = *parsed;
    return {};
  }

  static Done take_dates(const Property& property, Event& event) {
    if (has_parameter(property, "VALUE=PERIOD")) return wrong(property.line, "periods are not supported: write dates");
    for (std::string_view rest = property.value;;) {
      const std::size_t comma = rest.find(',');
      const auto when = parse_when(property, rest.substr(0, comma));
      if (!when) return std::unexpected(when.error());
      if (same_word(property.name, "RDATE")) {
        event.more.push_back(when->day);
      } else {
        event.fewer.insert(when->day);
      }
      if (comma == std::string_view::npos) return {};
      rest.remove_prefix(comma + 1);
    }
  }

  static Done take_recurrence_id(const Property& property, Event& event) {
    if (has_parameter(property, "RANGE=THISANDFUTURE")) {
      return wrong(property.line, "RANGE=THISANDFUTURE is not supported: write the changed events as their own");
    }
    const auto when = parse_when(property, property.value);
    if (!when) return std::unexpected(when.error());
    event.replaces = when->day;
    return {};
  }

  static Done check(const Event& event) {
    if (!event.start) return wrong(event.line, "this event has no DTSTART");
    if (event.end && event.end->day < event.start->day) return wrong(event.line, "this event ends before it begins");
    const days length = event.end ? event.end->day - event.start->day : event.duration.value_or(days{1});
    if (length > longest_event) return wrong(event.line, "this event lasts longer than ten years");
    return {};
  }

  Done add(const Event& event) {
    if (event.cancelled) return {};
    ++calendar_.events;
    const days length = event.end ? event.end->day - event.start->day : event.duration.value_or(days{1});
    const days further = std::max(length, days{1}) - days{1};  // DTEND is the first day that is not part of it
    const auto add_day = [&](LocalDay day, bool finite) {
      if (event.fewer.contains(day)) return;
      const LocalDay last = std::min(day + further, last_local_day);
      spans_.emplace_back(day, last);
      if (finite) calendar_.last_finite = std::max(calendar_.last_finite, std::optional(last));
    };
    if (event.rules.empty()) add_day(event.start->day, true);
    for (const LocalDay day : event.more) add_day(day, true);
    for (const auto& [line, text] : event.rules) {
      const auto rule = detail::parse_ics_rule(text);
      if (!rule) return wrong(line, "RRULE: " + rule.error());
      const auto dates = detail::dates_of(*rule, event.start->day, budget_);
      if (!dates || spans_.size() > most_spans) return wrong(line, "the rules of this file stand for too many dates");
      for (const LocalDay day : *dates) add_day(day, !rule->is_endless());
    }
    return {};
  }

  enum class Kind : std::uint8_t { event, other };

  Lines lines_;
  std::vector<std::string> open_;  // the names of the components that have begun, for messages
  std::vector<Kind> kinds_;
  std::vector<Event> events_;
  std::vector<std::pair<LocalDay, LocalDay>> spans_;
  IcsCalendar calendar_;
  detail::IcsBudget budget_;
};

}  // namespace

std::expected<IcsCalendar, IcsError> parse_ics(std::string_view text) {
  if (text.size() > longest_ics) {
    return std::unexpected(
        IcsError{1, "the file is larger than " + std::to_string(longest_ics >> 20U) + " MiB, which no calendar needs"});
  }
  auto calendar = IcsParser(text).parse();
  if (!calendar) return std::unexpected(IcsError{calendar.error().line, std::move(calendar.error().message)});
  return *std::move(calendar);
}

}  // namespace belfry::time
