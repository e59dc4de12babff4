// The cases of data/*.txt: a name, a text, and what the program says about it.
//
//   === name
//   text          <U+00A0> stands for a character, <END> for the end of a text without a final newline
//   =>
//   3:15 jobs.a.schedule: message
//     expected: ...
//     hint: ...
//   (empty line)
#pragma once

#include <charconv>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/config_error.hpp"
#include "daemon/config/utf8.hpp"

namespace belfry::daemon::testing {

struct Case {
  std::string name;
  std::string text;
  std::string says;
  std::string written;  ///< the text as it stands in the file, with <U+00A0> and the like
};

inline void append_utf8(std::string& out, char32_t code) {
  const auto byte = [&](char32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | (code >> 6U));
    byte(0x80 | (code & 0x3FU));
  } else {
    byte(0xE0 | (code >> 12U));
    byte(0x80 | ((code >> 6U) & 0x3FU));
    byte(0x80 | (code & 0x3FU));
  }
}

/// Replaces <U+XXXX> by the character, and cuts the text at <END>.
inline std::string unescape(std::string_view text) {
  std::string out;
  if (const auto end = text.find("<END>"); end != std::string_view::npos) text = text.substr(0, end);
  while (!text.empty()) {
    if (!text.starts_with("<U+")) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    unsigned code = 0;
    std::from_chars(text.data() + 3, text.data() + 7, code, 16);
    append_utf8(out, code);
    text.remove_prefix(8);
  }
  return out;
}

inline std::vector<Case> read_cases(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<Case> cases;
  bool in_text = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("=== ")) {
      cases.push_back({line.substr(4), "", "", ""});
      in_text = true;
    } else if (in_text && line == "=>") {
      in_text = false;
      cases.back().written = cases.back().text;
      cases.back().text = unescape(cases.back().text);
    } else if (!cases.empty()) {
      (in_text ? cases.back().text : cases.back().says) += line + "\n";
    }
  }
  for (auto& one : cases) {
    while (one.says.ends_with("\n\n")) one.says.pop_back();
    one.says = unescape(one.says);
  }
  return cases;
}

/// The reverse of unescape(), for what programs say.
inline std::string escape(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto [code, size] = character_at(text, at);
    const bool plain = code == '\n' || (code >= ' ' && code <= '~') || (code >= 0xC0 && code <= 0xFF);
    if (plain) {
      out += text.substr(at, size);
    } else {
      out += "<U+";
      for (unsigned shift = 16; shift > 0; shift -= 4) out += digits[(code >> (shift - 4)) & 15U];
      out += '>';
    }
    at += size;
  }
  return out;
}

/// The errors in the form of the case files.
inline std::string shown(std::span<const ConfigError> errors) {
  std::string out;
  for (const auto& error : errors) {
    out += std::to_string(error.place.line) + ":" + std::to_string(error.place.column) + " " +
           (error.key.empty() ? "-" : error.key) + ": " + error.message + "\n";
    if (!error.expected.empty()) out += "  expected: " + error.expected + "\n";
    if (!error.hint.empty()) out += "  hint: " + error.hint + "\n";
  }
  return out;
}

}  // namespace belfry::daemon::testing
