// A regular expression for text of strangers: time linear in the text, bounded memory (RE2). Immutable; any thread.
//
// Expression and text are UTF-8: a character beyond ASCII is one, also in brackets, with (?i) and for a dot. The text
// may hold anything else, too: each byte that is part of no character counts as the control character SUB (\x1A).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace belfry::jobs {

class Pattern {
 public:
  /// Of any text; error() says whether it is an expression.
  explicit Pattern(std::string_view text);

  /// What is wrong with it; empty: nothing.
  const std::string& error() const noexcept;

  /// How many groups it has. REQUIRES: no error().
  int groups() const noexcept;

  /// Where the first match begins, in bytes; nothing: there is none. REQUIRES: no error().
  std::optional<std::size_t> find_in(std::string_view text) const;
  bool found_in(std::string_view text) const { return find_in(text).has_value(); }

  /// The part of the text that the first match takes, or the first group of it if there are groups: an empty one where
  /// that has no part in the match. REQUIRES: no error().
  std::optional<std::string_view> value_in(std::string_view text) const;

  const std::string& text() const noexcept { return text_; }

 private:
  struct Compiled;
  std::string text_;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace belfry::jobs
