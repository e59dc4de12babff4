#include "daemon/config/error_list.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "daemon/config/concealed.hpp"
#include "daemon/config/utf8.hpp"

namespace belfry::daemon {
namespace {

constexpr int window = 100;  // characters of the line at fault that are shown
constexpr int lead_in = 60;  // of them before the column, when the line is longer

void append_visible(std::string& out, std::string_view text, std::size_t& at) {
  static constexpr std::string_view digits = "0123456789abcdef";
  const auto [code, size] = character_at(text, at);
  if (size == 0 || is_control(code) || code == '\n' || code == '\t') {
    const auto byte = static_cast<unsigned char>(text[at]);
    out += "\\x";
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
    ++at;
    return;
  }
  if (is_deceptive(code)) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += digits[(code >> static_cast<unsigned>(shift)) & 15U];
  } else {
    out += text.substr(at, size);
  }
  at += size;
}

// One column of the terminal for each character, so that the caret stays under what it points to.
void append_one_column(std::string& out, std::string_view text, std::size_t& at) {
  const auto [code, size] = character_at(text, at);
  if (size == 0) {
    out += '?';
    ++at;
    return;
  }
  if (is_control(code) || code == '\t') {
    out += ' ';
  } else if (is_deceptive(code)) {
    out += '?';
  } else {
    out += text.substr(at, size);
  }
  at += size;
}

/// `line`: the one at fault, concealed.
void show_line(ConfigError& error, const SourceText& source, std::string_view line) {
  const int skip = error.place.column > window ? error.place.column - lead_in : 0;
  const auto begin = source.offset_at({error.place.line, skip + 1}) - source.offset_at({error.place.line, 1});
  int shown = 0;
  for (auto at = begin; at < line.size() && shown < window; ++shown) append_one_column(error.source_line, line, at);
  error.caret = error.place.column - skip;
}

}  // namespace

std::string quotable(std::string_view text, std::size_t limit) {
  std::string out;
  std::size_t shown = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (shown++ == limit) return out + "...";
    append_visible(out, text, at);
  }
  return out;
}

std::string in_quotes(std::string_view text, std::size_t limit) { return "\"" + quotable(text, limit) + "\""; }

std::string path_to(std::string_view path, std::string_view key) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  std::string out(path);
  if (key.empty() || !std::ranges::all_of(key, plain)) return out + "[" + in_quotes(key) + "]";
  if (!out.empty()) out += '.';
  return out += key;
}

void ErrorList::add(Place place, std::string_view key, Complaint complaint) {
  const auto same = [&](const ConfigError& error) {
    return error.place == place && error.message == complaint.message;
  };
  // Repetitions come from one value that several jobs share; those are found among the latest ones.
  const auto latest = errors_.size() > 16 ? errors_.end() - 16 : errors_.begin();
  if (std::any_of(latest, errors_.end(), same)) return;
  if (errors_.size() >= limit) {
    ++suppressed_;
    return;
  }
  ConfigError error;
  error.file = source_->name();
  error.place = place;
  error.key = quotable(key, 200);
  error.message = std::move(complaint.message);
  error.expected = std::move(complaint.expected);
  error.hint = std::move(complaint.hint);
  errors_.push_back(std::move(error));
}

void ErrorList::hide(std::string secret) {
  constexpr std::size_t shortest = 4;  // what is shorter stands everywhere
  if (secret.size() >= shortest) secrets_.push_back(std::move(secret));
}

void ErrorList::hide_line(Place from) {
  const auto [place, first] = hidden_from_.try_emplace(from.line, from.column);
  if (!first) place->second = std::min(place->second, from.column);
}

std::string ErrorList::shown_line(int number) const {
  std::string line = conceal(conceal(source_->line(number)), secrets_);
  const auto hidden = hidden_from_.find(number);
  if (hidden == hidden_from_.end()) return line;
  const auto at = source_->offset_at({number, hidden->second}) - source_->offset_at({number, 1});
  return line.substr(0, at) + masked(std::string_view(line).substr(std::min(at, line.size())));
}

std::vector<ConfigError> ErrorList::take() {
  std::vector<std::size_t> order(errors_.size());
  // NOLINTNEXTLINE(modernize-use-ranges): libstdc++ 12 has no std::ranges::iota
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {},
                    [&](std::size_t i) { return std::tuple(errors_[i].place.line, errors_[i].place.column, i); });
  std::vector<ConfigError> sorted;
  int shown = 0;
  std::string line;
  for (const auto i : order) {
    ConfigError& error = sorted.emplace_back(std::move(errors_[i]));
    error.message = conceal(error.message, secrets_);
    error.hint = conceal(error.hint, secrets_);
    if (error.place.line == 0) continue;
    if (error.place.line != shown) line = shown_line(error.place.line);
    shown = error.place.line;
    show_line(error, *source_, line);
  }
  if (suppressed_ > 0) {
    ConfigError rest;
    rest.file = source_->name();
    rest.message = "and " + std::to_string(suppressed_) + " more errors";
    rest.hint = "mend the ones above first";
    sorted.push_back(std::move(rest));
  }
  errors_.clear();
  return sorted;
}

}  // namespace belfry::daemon
