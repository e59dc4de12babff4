// A regular expression for text of strangers: time linear in the text, bounded memory (RE2). Immutable; any thread.
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

  /// Where the first match begins, in bytes; nothing: there is none. The text may hold any bytes. REQUIRES: no error().
  std::optional<std::size_t> find_in(std::string_view text) const;
  bool found_in(std::string_view text) const { return find_in(text).has_value(); }

  const std::string& text() const noexcept { return text_; }

 private:
  struct Compiled;
  std::string text_;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace belfry::jobs
