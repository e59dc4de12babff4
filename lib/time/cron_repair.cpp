#include "time/cron_repair.hpp"

#include <algorithm>

#include "time/text_cursor.hpp"

namespace belfry::time::detail {
namespace {

/// Bytes of a text.
struct Part {
  std::size_t begin;
  std::size_t end;
};

/// The blank-separated word around `at`.
Part word_around(std::string_view text, std::size_t at) noexcept {
  Part part{at, at};
  while (part.begin > 0 && !is_blank(text[part.begin - 1])) --part.begin;
  while (part.end < text.size() && !is_blank(text[part.end])) ++part.end;
  return part;
}

/// The entry of a list around `at` with one comma, so that none is left over.
Part entry_around(std::string_view text, std::size_t at) noexcept {
  const Part word = word_around(text, at);
  Part entry{at, at};
  while (entry.begin > word.begin && text[entry.begin - 1] != ',') --entry.begin;
  while (entry.end < word.end && text[entry.end] != ',') ++entry.end;
  if (entry.end < word.end) return {entry.begin, entry.end + 1};
  return {entry.begin > word.begin ? entry.begin - 1 : entry.begin, entry.end};
}

std::string without(std::string_view text, Part part) {
  return std::string(text.substr(0, part.begin)) + std::string(text.substr(part.end));
}

}  // namespace

std::string nearest_expression(std::string_view text, ParseError error, const CronReading& reading) {
  constexpr std::size_t longest = 120;
  constexpr int most_fields = 7;
  if (text.size() > longest) return {};
  std::string attempt(text);
  for (int tries = 0; tries < most_fields; ++tries) {
    const std::size_t at = std::min(error.offset, attempt.size());
    for (const Part cut : {Part{at, std::min(at + error.length, attempt.size())}, entry_around(attempt, at)}) {
      std::string candidate = without(attempt, cut);
      if (parse_cron_fields(candidate, reading)) return candidate;
    }
    const Part word = word_around(attempt, at);
    if (word.begin == word.end) return {};
    attempt = attempt.substr(0, word.begin) + "*" + attempt.substr(word.end);
    const auto parsed = parse_cron_fields(attempt, reading);
    if (parsed) return attempt;
    error = parsed.error();
  }
  return {};
}

}  // namespace belfry::time::detail
