#include "jobs/parameters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "jobs/cut_text.hpp"
#include "time/duration.hpp"
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

std::string bounds(const ParameterInfo& info, std::string (*shown)(std::int64_t)) {
  if (info.least == 0 && info.most == 0) return {};
  if (info.most == 0) return " from " + shown(info.least);
  return (info.least == 0 ? std::string() : " from " + shown(info.least)) + (info.least == 0 ? " up to " : " to ") +
         shown(info.most);
}

std::string size_text(std::int64_t bytes) {
  constexpr std::array<const char*, 5> units{"", "K", "M", "G", "T"};
  std::size_t unit = 0;
  for (; bytes != 0 && bytes % 1024 == 0 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  return std::to_string(bytes) + units[unit];
}

std::string span_text(std::int64_t milliseconds) {
  return time::format_duration(std::chrono::milliseconds(milliseconds));
}

bool within(const ParameterInfo& info, std::int64_t value) {
  return value >= info.least && (info.most == 0 || value <= info.most);
}

}  // namespace

std::string takes(const ParameterInfo& info) {
  if (!info.value.empty()) return std::string(info.value);
  switch (info.type) {
    case ParameterType::text:
    case ParameterType::block:
      return "text";
    case ParameterType::path:
    case ParameterType::secret_file:
      return "a path";
    case ParameterType::url:
      return "a URL";
    case ParameterType::flag:
      return "true or false";
    case ParameterType::integer:
      return std::to_string(info.least) + " to " + std::to_string(info.most);
    case ParameterType::size:
      return "a size" + bounds(info, size_text);
    case ParameterType::duration:
      return "a duration" + bounds(info, span_text);
    case ParameterType::choice:
      return joined(info.choices, " or ");
    case ParameterType::secret:
      return "text or {file: PATH}";
    case ParameterType::map:
      return "a map";
    case ParameterType::table:
      return info.secrets ? "a map of text or {file: PATH}" : "a map of text";
    case ParameterType::json:
      return "anything";
  }
  return {};
}

const ParameterInfo* find_parameter(std::span<const ParameterInfo> known, std::string_view name) {
  const auto dot = name.find('.');
  const auto found = std::ranges::find(known, name.substr(0, dot), &ParameterInfo::name);
  if (found == known.end()) return nullptr;
  if (dot == std::string_view::npos || found->type == ParameterType::table) return &*found;
  return find_parameter(found->keys, name.substr(dot + 1));
}

ParameterReader::ParameterReader(const ParameterMap& map, std::span<const ParameterInfo> known)
    : map_(map), known_(known) {
  std::vector<std::string_view> names;
  for (const auto& info : known) names.push_back(info.name);
  for (const auto& [name, value] : map) {
    if (find_parameter(known, name) != nullptr) continue;
    const auto hint = time::did_you_mean(name, names);
    complain(name, "there is no parameter '" + name + "'" + (hint.empty() ? "" : ": " + hint) + "; there is " +
                       joined(names, " and "));
  }
  check_required(known, "");
}

void ParameterReader::check_required(std::span<const ParameterInfo> known, const std::string& prefix) {
  for (const auto& info : known) {
    const std::string name = prefix + std::string(info.name);
    const std::string* const value = find(name);
    if (info.required && (value == nullptr || value->empty())) {
      complain(name, name + " is missing: " + takes(info) + ", " + std::string(info.meaning));
    }
  }
}

const std::string* ParameterReader::find(std::string_view name) const {
  const auto found = map_.find(std::string(name));
  return found == map_.end() ? nullptr : &found->second;
}

const ParameterInfo& ParameterReader::info(std::string_view name) const {
  const ParameterInfo* const found = find_parameter(known_, name);
  if (found == nullptr) throw std::logic_error("the parameter '" + std::string(name) + "' is not declared");
  return *found;
}

void ParameterReader::complain(std::string_view key, std::string message) {
  if (!error_) error_ = ParameterError{std::string(key), std::move(message)};
}

std::string ParameterReader::text(std::string_view name) {
  const auto* value = find(name);
  return value != nullptr ? *value : std::string(info(name).fallback);
}

std::vector<std::string> ParameterReader::list(std::string_view name) {
  std::vector<std::string> lines;
  const std::string value = text(name);
  for (std::size_t begin = 0; begin <= value.size();) {
    const auto end = std::min(value.find('\n', begin), value.size());
    if (end > begin) lines.push_back(value.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::int64_t ParameterReader::integer(std::string_view name) {
  const ParameterInfo& known = info(name);
  std::int64_t fallback = 0;
  std::from_chars(known.fallback.data(), known.fallback.data() + known.fallback.size(), fallback);
  return integer(name, fallback, known.least, known.most);
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

std::uint64_t ParameterReader::size(std::string_view name) {
  const ParameterInfo& known = info(name);
  const std::uint64_t fallback = parse_size(known.fallback).value_or(0);
  const auto* text = find(name);
  if (text == nullptr) return fallback;
  const auto value = parse_size(*text);
  if (value && within(known, static_cast<std::int64_t>(*value))) return *value;
  complain(name, std::string(name) + " wants a size" + bounds(known, size_text) + " such as 64K, 10M or 1.5G, not '" +
                     *text + "'");
  return fallback;
}

std::chrono::nanoseconds ParameterReader::duration(std::string_view name) {
  const ParameterInfo& known = info(name);
  const auto fallback = time::parse_duration(known.fallback).value_or(std::chrono::nanoseconds{0});
  const auto* text = find(name);
  if (text == nullptr) return fallback;
  const auto value = time::parse_duration(*text);
  if (value && within(known, std::chrono::floor<std::chrono::milliseconds>(*value).count())) return *value;
  complain(name,
           std::string(name) + " wants a duration" + bounds(known, span_text) + " such as 30d, not '" + *text + "'");
  return fallback;
}

bool ParameterReader::flag(std::string_view name) {
  const std::string value = text(name);
  if (value != "true" && value != "false") {
    complain(name, std::string(name) + " wants false or true, not '" + value + "'");
  }
  return value == "true";
}

std::size_t ParameterReader::choice(std::string_view name) {
  const auto choices = info(name).choices;
  const std::string value = text(name);
  const auto found = std::ranges::find(choices, value);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  complain(name, std::string(name) + " wants " + joined(choices, " or ") + ", not '" + value + "'");
  return 0;
}

std::vector<std::pair<std::string, std::string>> ParameterReader::table(std::string_view name) {
  std::vector<std::pair<std::string, std::string>> entries;
  const std::string prefix = std::string(name) + ".";
  for (auto at = map_.lower_bound(prefix); at != map_.end() && at->first.starts_with(prefix); ++at) {
    entries.emplace_back(at->first.substr(prefix.size()), at->second);
  }
  return entries;
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
