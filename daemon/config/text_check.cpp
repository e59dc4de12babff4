#include "daemon/config/text_check.hpp"

#include <algorithm>
#include <string>

#include "daemon/config/utf8.hpp"

namespace belfry::daemon::yaml {
namespace {

std::string code_point_name(char32_t code) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string name = "U+";
  for (int shift = code > 0xFFFF ? 20 : 12; shift >= 0; shift -= 4) {
    name += digits[(code >> static_cast<unsigned>(shift)) & 15U];
  }
  return name;
}

// UTF-16 and UTF-32 show themselves by a byte order mark, or by NULs between ASCII characters.
std::string_view wide_encoding(std::string_view text) {
  const auto starts = [&](std::string_view bytes) { return text.starts_with(bytes); };
  using std::string_view_literals::operator""sv;
  if (starts("\xFF\xFE\0\0"sv) || starts("\0\0\xFE\xFF"sv)) return "UTF-32";
  if (starts("\xFF\xFE"sv) || starts("\xFE\xFF"sv)) return "UTF-16";
  const auto nul = [&](std::size_t at) { return at < text.size() && text[at] == '\0'; };
  if (text.size() >= 4 && ((nul(0) && nul(1) && nul(2) && !nul(3)) || (!nul(0) && nul(1) && nul(2) && nul(3)))) {
    return "UTF-32";
  }
  if (text.size() >= 4 && (nul(0) != nul(1)) && (nul(2) != nul(3)) && nul(0) == nul(2)) return "UTF-16";
  return {};
}

Complaint complaint_about(char32_t code) {
  if (code == 0) return {"a NUL byte: this is not a text file", "UTF-8 text"};
  if (code == '\r') {
    return {"a carriage return without a line feed", "lines ended by LF or CR LF", "convert the file: mac2unix FILE"};
  }
  if (is_control(code)) {
    return {"control character " + code_point_name(code), "printable text",
            "inside a quoted value write it as an escape: \"\\x1b\""};
  }
  return {"invisible character " + code_point_name(code) + ", which can make the text read differently than it is",
          "visible text", "delete it, or write it as an escape in double quotes: \"\\u202e\""};
}

bool check_characters(const SourceText& source, ErrorList& errors) {
  const auto text = source.text();
  for (std::size_t at = 0; at < text.size();) {
    const auto [code, size] = character_at(text, at);
    if (size == 0) {
      errors.add(source.place_at(at), "",
                 {"the bytes here are not UTF-8", "UTF-8 text", "convert the file: iconv -f latin1 -t utf8 FILE"});
      return false;
    }
    const bool line_end = code == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
    if ((is_control(code) && !line_end) || is_deceptive(code)) {
      errors.add(source.place_at(at), "", complaint_about(code));
      return false;
    }
    at += size;
  }
  return true;
}

// A line that begins with '%' ahead of the content: yaml-cpp skips unknown directives in silence.
bool check_directives(const SourceText& source, ErrorList& errors) {
  const auto text = source.text();
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    if (line.starts_with('%')) {
      errors.add(
          source.place_at(at), "",
          {"YAML directives are not supported", "a comment or a key", "delete the line, or put a '#' before it"});
      return false;
    }
    const auto content = line.find_first_not_of(" \t\r");
    if (content != std::string_view::npos && line[content] != '#') return true;
    at = end + 1;
  }
  return true;
}

}  // namespace

bool check_text(const SourceText& source, ErrorList& errors, std::size_t limit) {
  const auto text = source.text();
  if (text.size() > limit) {
    errors.add({}, "",
               {"the file is larger than " + std::to_string(limit >> 20U) + " MiB",
                "at most " + std::to_string(limit) + " bytes",
                "split the jobs over several daemons, or move data out of the file"});
    return false;
  }
  if (const auto encoding = wide_encoding(text); !encoding.empty()) {
    errors.add({1, 1}, "",
               {"the file is " + std::string(encoding), "UTF-8",
                "convert the file: iconv -f " + std::string(encoding) + " -t utf8 FILE"});
    return false;
  }
  return check_characters(source, errors) && check_directives(source, errors);
}

}  // namespace belfry::daemon::yaml
