#include "daemon/config/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "time/suggest.hpp"

namespace belfry::daemon {
namespace {

using Kind = yaml::Node::Kind;
using Style = yaml::Node::Style;

std::string_view kind_name(const yaml::Node& node) {
  switch (node.kind) {
    case Kind::null:
      return "no value";
    case Kind::sequence:
      return "a list";
    case Kind::map:
      return "a map";
    case Kind::scalar:
      break;
  }
  return "a single value";
}

std::string range_text(std::int64_t minimum, std::int64_t maximum) {
  return "a whole number from " + std::to_string(minimum) + " to " + std::to_string(maximum);
}

bool has_leading_zero(std::string_view digits) {
  if (digits.starts_with('-')) digits.remove_prefix(1);
  return digits.size() > 1 && digits[0] == '0' && digits.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string out(text.substr(0, 16));
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// 1,024 to the power of the unit's rank, or nothing for an unknown unit.
std::optional<std::uint64_t> unit_factor(std::string_view unit) {
  static constexpr std::string_view ranks = "kmgt";
  const auto word = lower(unit);
  if (word.empty() || word == "b") return 1;
  const auto rank = ranks.find(word[0]);
  const auto rest = std::string_view(word).substr(1);
  if (rank == std::string_view::npos || !(rest.empty() || rest == "b" || rest == "ib")) return std::nullopt;
  return std::uint64_t{1} << (10 * (rank + 1));
}

std::string size_text(std::uint64_t bytes) {
  static constexpr std::array<std::pair<std::uint64_t, char>, 4> units{{{std::uint64_t{1} << 40U, 'T'},
                                                                        {std::uint64_t{1} << 30U, 'G'},
                                                                        {std::uint64_t{1} << 20U, 'M'},
                                                                        {std::uint64_t{1} << 10U, 'K'}}};
  for (const auto& [factor, letter] : units) {
    if (bytes >= factor && bytes % factor == 0) return std::to_string(bytes / factor) + letter;
  }
  return std::to_string(bytes);
}

}  // namespace

Value Value::child(const yaml::Entry& entry) const { return {*entry.value, path_to(path_, entry.key), *errors_}; }

Value Value::item(std::size_t index) const {
  return {*node_->items[index], path_ + "[" + std::to_string(index) + "]", *errors_};
}

void Value::complain(Complaint complaint) const {
  if (node_->kind == Kind::scalar) complaint.message = in_quotes(node_->text) + ": " + complaint.message;
  errors_->add(node_->place, path_, std::move(complaint));
}

void Value::complain(const time::ParseError& error) const {
  const auto& source = errors_->source();
  const auto start = source.offset_at(node_->place) + (node_->style == Style::quoted ? 1 : 0);
  auto place = node_->place;
  // Only when the file shows the very text that was parsed do its bytes have places of their own.
  if (node_->style != Style::block && source.text().substr(start).starts_with(node_->text)) {
    place = source.place_at(start + std::min(error.offset, node_->text.size()));
  }
  errors_->add(place, path_, {in_quotes(node_->text) + ": " + error.message, "", error.hint});
}

bool Value::is_scalar(std::string_view expected) const {
  if (node_->kind == Kind::scalar) return true;
  complain({"this is " + std::string(kind_name(*node_)), std::string(expected)});
  return false;
}

bool Value::is_map(std::string_view expected) const {
  if (node_->kind == Kind::map) return true;
  complain({"this is " + std::string(kind_name(*node_)), std::string(expected)});
  return false;
}

bool Value::is_none() const noexcept {
  return node_->kind == Kind::scalar && node_->style == Style::plain && node_->text == "none";
}

std::optional<std::string> Value::any_text(std::string_view expected) const {
  if (!is_scalar(expected)) return std::nullopt;
  return node_->text;
}

std::optional<std::string> Value::text(std::string_view expected) const {
  if (!is_scalar(expected)) return std::nullopt;
  if (node_->text.find_first_not_of(" \t\r\n") == std::string::npos) {
    complain({"this is empty", std::string(expected)});
    return std::nullopt;
  }
  return node_->text;
}

std::optional<bool> Value::truth() const {
  static constexpr std::array<std::string_view, 6> yes{"true", "yes", "on", "y", "1", "enabled"};
  static constexpr std::array<std::string_view, 6> no{"false", "no", "off", "n", "0", "disabled"};
  if (!is_scalar("true or false")) return std::nullopt;
  const bool plain = node_->style == Style::plain;
  if (plain && node_->text == "true") return true;
  if (plain && node_->text == "false") return false;
  const auto word = lower(node_->text);
  const bool means_yes = std::ranges::find(yes, word) != yes.end();
  const bool means_no = std::ranges::find(no, word) != no.end();
  Complaint complaint{"not a truth value", "true or false"};
  if (means_yes) complaint.hint = "write true, without quotes";
  if (means_no) complaint.hint = "write false, without quotes";
  complain(std::move(complaint));
  return std::nullopt;
}

std::optional<std::int64_t> Value::integer(std::int64_t minimum, std::int64_t maximum) const {
  const auto expected = range_text(minimum, maximum);
  if (!is_scalar(expected)) return std::nullopt;
  const auto& text = node_->text;
  if (has_leading_zero(text)) {
    complain({"a leading zero: YAML would read this as an octal number", expected, "write it without the zero"});
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) {
    complain({"not a whole number", expected});
    return std::nullopt;
  }
  if (error == std::errc::result_out_of_range || value < minimum || value > maximum) {
    complain({"out of range", expected});
    return std::nullopt;
  }
  return value;
}

std::optional<double> Value::number(double minimum, double maximum) const {
  const auto shown = [](double value) {
    std::array<char, 32> digits{};
    char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return std::string(digits.data(), end);
  };
  const auto expected = "a number from " + shown(minimum) + " to " + shown(maximum);
  if (!is_scalar(expected)) return std::nullopt;
  const auto& text = node_->text;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size() || std::isnan(value)) {
    complain({"not a number", expected});
    return std::nullopt;
  }
  if (error != std::errc{} || value < minimum || value > maximum) {
    complain({"out of range", expected});
    return std::nullopt;
  }
  return value;
}

std::optional<time::Duration> Value::duration(const time::DurationOptions& limits) const {
  if (!is_scalar("a duration such as 90s, 5m or 1h30m")) return std::nullopt;
  auto parsed = time::parse_duration(node_->text, limits);
  if (parsed) return *parsed;
  complain(parsed.error());
  return std::nullopt;
}

std::optional<std::uint64_t> Value::size(std::uint64_t minimum, std::uint64_t maximum) const {
  const auto expected = "a size from " + size_text(minimum) + " to " + size_text(maximum) + ", such as 64K or 1M";
  if (!is_scalar(expected)) return std::nullopt;
  const auto& text = node_->text;
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const auto factor = unit_factor(std::string_view(text).substr(static_cast<std::size_t>(end - text.data())));
  if (error == std::errc::invalid_argument || !factor) {
    complain({"not a size", expected});
    return std::nullopt;
  }
  const bool fits = error == std::errc{} && count <= std::numeric_limits<std::uint64_t>::max() / *factor;
  if (!fits || count * *factor < minimum || count * *factor > maximum) {
    complain({"out of range", expected});
    return std::nullopt;
  }
  return count * *factor;
}

std::optional<std::size_t> Value::choice_index(std::span<const std::string_view> names) const {
  std::string expected = "one of";
  for (const auto name : names) expected += (expected == "one of" ? " " : ", ") + std::string(name);
  if (!is_scalar(expected)) return std::nullopt;
  const auto found = std::ranges::find(names, node_->text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  complain({"not one of the known words", expected, time::did_you_mean(node_->text, names)});
  return std::nullopt;
}

std::optional<std::vector<Value>> Value::list(std::string_view expected) const {
  if (node_->kind != Kind::sequence) {
    complain({"this is " + std::string(kind_name(*node_)), std::string(expected)});
    return std::nullopt;
  }
  if (node_->items.empty()) {
    complain({"this list is empty", std::string(expected)});
    return std::nullopt;
  }
  std::vector<Value> items;
  items.reserve(node_->items.size());
  for (std::size_t i = 0; i < node_->items.size(); ++i) items.push_back(item(i));
  return items;
}

}  // namespace belfry::daemon
