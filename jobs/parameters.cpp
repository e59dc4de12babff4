#include "jobs/parameters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "time/suggest.hpp"

namespace belfry::jobs {

namespace {

std::string joined(std::span<const std::string_view> words, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? last : ", ";
    text += words[i];
  }
  return text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto begin = text.find_first_not_of(blanks);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

ParameterReader::ParameterReader(const ParameterMap& map, std::span<const ParameterInfo> known) : map_(map) {
  std::vector<std::string_view> names;
  for (const auto& info : known) names.push_back(info.name);
  for (const auto& [name, value] : map) {
    if (std::ranges::find(names, name) != names.end()) continue;
    const auto hint = time::did_you_mean(name, names);
    complain(name, "there is no parameter '" + name + "'" + (hint.empty() ? "" : ": " + hint) + "; there is " +
                       joined(names, " and "));
  }
  for (const auto& info : known) {
    if (!info.required || (map.contains(std::string(info.name)) && !map.find(std::string(info.name))->second.empty())) {
      continue;
    }
    complain(info.name,
             std::string(info.name) + " is missing: " + std::string(info.value) + ", " + std::string(info.meaning));
  }
}

const std::string* ParameterReader::find(std::string_view name) const {
  const auto found = map_.find(std::string(name));
  return found == map_.end() ? nullptr : &found->second;
}

void ParameterReader::complain(std::string_view key, std::string message) {
  if (!error_) error_ = ParameterError{std::string(key), std::move(message)};
}

std::string ParameterReader::text(std::string_view name, std::string_view fallback) {
  const auto* value = find(name);
  return value != nullptr ? *value : std::string(fallback);
}

std::vector<std::string> ParameterReader::list(std::string_view name) {
  std::vector<std::string> lines;
  const auto* value = find(name);
  if (value == nullptr) return lines;
  for (std::size_t begin = 0; begin <= value->size();) {
    const auto end = std::min(value->find('\n', begin), value->size());
    if (end > begin) lines.push_back(value->substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::int64_t ParameterReader::integer(std::string_view name, std::int64_t fallback, std::int64_t least,
                                      std::int64_t most) {
  const auto* text = find(name);
  if (text == nullptr) return fallback;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc() && end == text->data() + text->size() && value >= least && value <= most) return value;
  complain(name, std::string(name) + " wants a whole number from " + std::to_string(least) + " to " +
                     std::to_string(most) + ", not '" + *text + "'");
  return fallback;
}

std::uint64_t ParameterReader::size(std::string_view name, std::uint64_t fallback) {
  const auto* text = find(name);
  if (text == nullptr) return fallback;
  if (const auto value = parse_size(*text)) return *value;
  complain(name, std::string(name) + " wants a size such as 64K, 10M or 1.5G, not '" + *text + "'");
  return fallback;
}

bool ParameterReader::flag(std::string_view name, bool fallback) {
  constexpr std::array<std::string_view, 2> words{"false", "true"};
  return choice(name, words, fallback ? 1 : 0) == 1;
}

std::size_t ParameterReader::choice(std::string_view name, std::span<const std::string_view> choices,
                                    std::size_t fallback) {
  const auto* text = find(name);
  if (text == nullptr) return fallback;
  const auto found = std::ranges::find(choices, *text);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  complain(name, std::string(name) + " wants " + joined(choices, " or ") + ", not '" + *text + "'");
  return fallback;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  text = trimmed(text);
  double value = 0;
  const auto [next, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || value < 0 || !std::isfinite(value)) return std::nullopt;
  const auto unit = trimmed(text.substr(static_cast<std::size_t>(next - text.data())));
  constexpr std::string_view letters = "KMGT";
  if (!unit.empty() && unit != "B") {
    const auto power = letters.find(static_cast<char>(unit.front() & ~0x20));
    const auto rest = unit.substr(1);
    if (power == std::string_view::npos || !(rest.empty() || rest == "B" || rest == "iB")) return std::nullopt;
    value = std::ldexp(value, static_cast<int>(10 * (power + 1)));
  }
  if (value >= 0x1p63) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  constexpr std::array<const char*, 5> units{"KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1023.95 && unit + 1 < units.size(); ++unit) value /= 1024;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.1f %s", value, units[unit]);
  return text.data();
}

}  // namespace belfry::jobs
