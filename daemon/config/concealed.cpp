#include "daemon/config/concealed.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace belfry::daemon {
namespace {

constexpr std::array<std::string_view, 7> keys{"url",           "endpoint", "password", "headers",
                                               "authorization", "token",    "cookie"};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; }

/// Where the value of the first such key begins; npos: there is none.
std::size_t value_at(std::string_view line) {
  for (std::size_t colon = line.find(':'); colon != std::string_view::npos; colon = line.find(':', colon + 1)) {
    std::size_t end = colon;
    while (end > 0 && (line[end - 1] == '"' || line[end - 1] == '\'' || line[end - 1] == ' ')) --end;
    std::size_t begin = end;
    while (begin > 0 && is_word(line[begin - 1])) --begin;
    std::string word(line.substr(begin, end - begin));
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (std::ranges::find(keys, word) != keys.end()) return colon + 1;
  }
  return std::string_view::npos;
}

}  // namespace

std::string masked(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == ' ' ? ' ' : '*';
  return out;
}

std::string conceal(std::string_view line) {
  const auto at = value_at(line);
  if (at == std::string_view::npos) return std::string(line);
  return std::string(line.substr(0, at)) + masked(line.substr(at));
}

std::string conceal(std::string_view text, std::span<const std::string> secrets) {
  constexpr std::size_t most_work = std::size_t{64} << 20U;
  if (text.size() * secrets.size() > most_work) return masked(text);  // nobody writes such a line by hand
  std::string out(text);
  for (const std::string& secret : secrets) {
    for (auto at = out.find(secret); at != std::string::npos; at = out.find(secret, at)) {
      const std::string stars = masked(secret);
      out.replace(at, secret.size(), stars);
      at += stars.size();
    }
  }
  return out;
}

}  // namespace belfry::daemon
