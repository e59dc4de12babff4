// A text with places to fill in: "{{job}} failed: {{message|json}}". For the messages of channels and for URLs.
//
// A name between {{ and }} stands for a fact about what happened; behind a bar stands how it is written: as it is, as a
// JSON string with its quotes (json), or for a URL (url). Plain value; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "time/parse_error.hpp"

namespace belfry::daemon {

class MessageTemplate {
 public:
  /// The value of a name of `known`, as it is.
  using Lookup = std::function<std::string(std::string_view)>;

  /// `known`: the names that may stand in it.
  static time::Parsed<MessageTemplate> parse(std::string_view text, std::span<const std::string_view> known);

  std::string fill(const Lookup& value) const;

 private:
  enum class Form : std::uint8_t { plain, json, url };
  struct Piece {
    std::string text;  // in front of the name
    std::string name;  // empty: only at the end
    Form form = Form::plain;
  };
  std::vector<Piece> pieces_;
};

/// The names that messages of channels know: what Notice (daemon/notify/notice.hpp) can tell.
std::span<const std::string_view> message_names();

/// `text` as a JSON string, with its quotes. What is not UTF-8 becomes U+FFFD.
std::string json_string(std::string_view text);

/// `text` as a part of a URL: all but letters, digits and "-._~" is escaped.
std::string url_escaped(std::string_view text);

}  // namespace belfry::daemon
