#include "daemon/config/syntax_message.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace belfry::daemon::yaml {
namespace {

constexpr std::string_view blanks = " \t\r";

// The rest of the line, as the value in double quotes that was probably meant.
std::string suggest_quotes(std::string_view rest) {
  rest = rest.substr(0, rest.find('\n'));
  if (const auto comment = rest.find(" #"); comment != std::string_view::npos) rest = rest.substr(0, comment);
  const auto last = rest.find_last_not_of(blanks);
  rest = rest.substr(0, last == std::string_view::npos ? 0 : last + 1);
  const bool simple = rest.find_first_of("\"\\") == std::string_view::npos;
  const std::string quote = simple ? "\"" : "'";
  return "put the value in quotes: " + quote + quotable(rest) + quote;
}

struct Words {
  std::string_view from_parser;
  std::string_view message;
  std::string_view expected;
  std::string_view hint;
};

constexpr std::array known_words{
    Words{"illegal map value", "\":\" is not allowed here", "a value",
          "quote a value that holds \": \"; if this is a key, check the indentation of this line and the one above"},
    Words{"illegal map key", "a key is not allowed here", "a value", "check the indentation of this line"},
    Words{"illegal flow end", "a closing bracket without its opening one", "", "delete it, or quote the value"},
    Words{"illegal block entry", "\"- \" cannot begin a list here", "a value",
          "begin the list on a line of its own, or write [a, b]"},
    Words{"unknown escape character", "an unknown escape in double quotes", "one of \\\\ \\\" \\n \\t \\xHH \\uHHHH",
          "double the backslash, or use single quotes"},
    Words{"invalid unicode", "an escape that is not a Unicode character", "\\u0000 to \\ud7ff or \\ue000 to \\uffff",
          ""},
    Words{"bad character found while scanning hex number", "an escape with too few hexadecimal digits",
          "\\xHH, \\uHHHH or \\UHHHHHHHH", "double the backslash, or use single quotes"},
    Words{"anchor not found after &", "a name is missing after \"&\"", "&name",
          "put the value in quotes if it is meant to begin with \"&\""},
    Words{"illegal character found while scanning anchor", "a bad name after \"&\"", "&name",
          "put the value in quotes if it is meant to begin with \"&\""},
    Words{"cannot set zero indentation for a block scalar", "a block value needs an indentation of 1 to 9", "", ""},
    Words{"unexpected character in block scalar", "unexpected text after \"|\" or \">\"", "the text on the next lines",
          "put the value in quotes if it is meant to begin with this character"},
    Words{"illegal document indicator in scalar", "a document marker inside a quoted value", "",
          "is a closing quote missing above?"},
    Words{"end of sequence not found", "this line does not fit the list above it", "\"- \" or a lesser indentation",
          "check the indentation"},
    Words{"aliases can't have any content", "an alias cannot have content", "", "put the value in quotes"},
};

bool only_blanks(std::string_view text) { return text.find_first_not_of(blanks) == std::string_view::npos; }

SyntaxMistake explain_star(const SourceText& source, std::size_t star) {
  const auto rest = source.text().substr(star);
  const auto name = rest.substr(1, rest.find_first_of(" \t\r\n,]}", 1) - 1);
  const bool word = !name.empty() && name.find_first_of("/*") == std::string_view::npos;
  return {source.place_at(star),
          {word ? "no anchor \"&" + quotable(name) + "\" stands before this alias"
                : std::string("an unquoted \"*\" begins a YAML alias"),
           "a value in quotes", suggest_quotes(rest)}};
}

SyntaxMistake explain_end_of_map(const SourceText& source, std::size_t offset) {
  const auto text = source.text();
  const auto start = source.line_start(offset);
  const auto before = text.substr(start, offset - start);
  if (offset >= text.size()) return {source.place_at(offset), {"the file ends in the middle of a map", "a value"}};
  if (only_blanks(before)) {
    return {source.place_at(offset),
            {"the indentation of this line fits no key above it", "the same indentation as its siblings"}};
  }
  return {source.place_at(offset),
          {"unexpected text after the value", "the end of the line",
           "inside single quotes double a quote: 'it''s'; inside double quotes write \\\""}};
}

std::size_t tab_in_indentation(const SourceText& source, std::size_t offset) {
  const auto start = source.line_start(offset);
  const auto line = source.text().substr(start);
  const auto content = line.find_first_not_of(blanks);
  const auto tab = line.find('\t');
  return tab != std::string_view::npos && tab < content ? start + tab : std::string_view::npos;
}

}  // namespace

SyntaxMistake explain_syntax(const SourceText& source, std::string_view message, std::size_t offset) {
  const auto text = source.text();
  if (const auto tab = tab_in_indentation(source, offset); tab != std::string_view::npos) {
    return {source.place_at(tab), {"a tab in the indentation", "spaces", "YAML is indented by spaces only"}};
  }
  const auto at = [&](std::size_t where) { return where < text.size() ? text[where] : '\n'; };
  const bool alias = message.starts_with("the referenced anchor") || message.starts_with("alias not found") ||
                     message.starts_with("illegal character found while scanning alias");
  if (alias) {
    const auto star = text.rfind('*', std::min(offset, text.size()));
    if (star != std::string_view::npos) return explain_star(source, star);
  }
  if (message == "unknown token") {
    return {source.place_at(offset),
            {"\"" + quotable(std::string(1, at(offset))) + "\" cannot begin an unquoted value", "a value in quotes",
             suggest_quotes(text.substr(std::min(offset, text.size())))}};
  }
  if (message == "end of map not found") return explain_end_of_map(source, offset);
  if (message.starts_with("unknown escape") || message.starts_with("invalid unicode") ||
      message.starts_with("bad character found while scanning hex")) {
    // yaml-cpp gives up behind the digits: point to the backslash.
    const auto backslash = text.rfind('\\', std::min(offset, text.size()));
    if (backslash != std::string_view::npos) offset = backslash;
  }
  for (const auto& words : known_words) {
    if (message.starts_with(words.from_parser)) {
      return {source.place_at(offset),
              {std::string(words.message), std::string(words.expected), std::string(words.hint)}};
    }
  }
  return {source.place_at(offset), {"not YAML: " + quotable(message, 120)}};
}

}  // namespace belfry::daemon::yaml
