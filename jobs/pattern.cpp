#include "jobs/pattern.hpp"

#include <re2/re2.h>

#include <cstdint>

namespace belfry::jobs {

namespace {

constexpr std::int64_t pattern_memory = std::int64_t{8} << 20;

re2::RE2::Options options() {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(pattern_memory);
  options.set_encoding(re2::RE2::Options::EncodingLatin1);  // a text may be of any
  return options;
}

}  // namespace

struct Pattern::Compiled {
  explicit Compiled(const std::string& text) : expression(text, options()) {}
  re2::RE2 expression;
};

Pattern::Pattern(std::string_view text) : text_(text), compiled_(std::make_shared<const Compiled>(text_)) {}

const std::string& Pattern::error() const noexcept { return compiled_->expression.error(); }

std::optional<std::size_t> Pattern::find_in(std::string_view text) const {
  const re2::StringPiece all(text.data(), text.size());
  re2::StringPiece match;
  if (!compiled_->expression.Match(all, 0, text.size(), re2::RE2::UNANCHORED, &match, 1)) return std::nullopt;
  return static_cast<std::size_t>(match.data() - text.data());
}

}  // namespace belfry::jobs
