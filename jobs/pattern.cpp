#include "jobs/pattern.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace belfry::jobs {

namespace {

constexpr std::int64_t pattern_memory = std::int64_t{8} << 20;
constexpr char substitute = '\x1A';

re2::RE2::Options options() {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(pattern_memory);
  return options;
}

/// The bytes of the character that the text begins with; 0: it begins with none.
std::size_t length_of_first(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80U) return 1;
  if (first < 0xC2U || first > 0xF4U) return 0;
  const std::size_t length = first >= 0xF0U ? 4 : (first >= 0xE0U ? 3 : 2);
  if (text.size() < length) return 0;
  const unsigned char second = byte(1);
  if (first == 0xE0U && second < 0xA0U) return 0;  // could be written shorter
  if (first == 0xF0U && second < 0x90U) return 0;
  if (first == 0xEDU && second > 0x9FU) return 0;  // half a character of UTF-16
  if (first == 0xF4U && second > 0x8FU) return 0;  // beyond the last one
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  return length;
}

bool is_ascii(std::string_view text) noexcept {
  unsigned char bits = 0;
  for (const char c : text) bits |= static_cast<unsigned char>(c);  // without a branch: many bytes at once
  return bits < 0x80U;
}

/// A text to look into: the given one, or, where that is not UTF-8 throughout, a copy of the same length that is.
class Readable {
 public:
  explicit Readable(std::string_view text) : text_(text) {
    if (is_ascii(text)) return;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = length_of_first(text.substr(at));
      if (length == 0) {
        if (copy_.empty()) copy_ = text;
        copy_[at] = substitute;
      }
      at += std::max<std::size_t>(length, 1);
    }
    if (!copy_.empty()) text_ = copy_;
  }
  Readable(const Readable&) = delete;
  Readable& operator=(const Readable&) = delete;

  re2::StringPiece piece() const noexcept { return {text_.data(), text_.size()}; }
  std::size_t position(const re2::StringPiece& part) const noexcept {
    return static_cast<std::size_t>(part.data() - text_.data());
  }

 private:
  std::string copy_;
  std::string_view text_;
};

}  // namespace

struct Pattern::Compiled {
  explicit Compiled(const std::string& text) : expression(text, options()) {}
  re2::RE2 expression;
};

Pattern::Pattern(std::string_view text) : text_(text), compiled_(std::make_shared<const Compiled>(text_)) {}

const std::string& Pattern::error() const noexcept { return compiled_->expression.error(); }

int Pattern::groups() const noexcept { return compiled_->expression.NumberOfCapturingGroups(); }

std::optional<std::size_t> Pattern::find_in(std::string_view text) const {
  const Readable readable(text);
  re2::StringPiece match;
  if (!compiled_->expression.Match(readable.piece(), 0, text.size(), re2::RE2::UNANCHORED, &match, 1)) {
    return std::nullopt;
  }
  return readable.position(match);
}

std::optional<std::string_view> Pattern::value_in(std::string_view text) const {
  const Readable readable(text);
  std::array<re2::StringPiece, 2> match;
  const int asked_for = std::min(groups(), 1) + 1;
  if (!compiled_->expression.Match(readable.piece(), 0, text.size(), re2::RE2::UNANCHORED, match.data(), asked_for)) {
    return std::nullopt;
  }
  const re2::StringPiece& value = match.at(static_cast<std::size_t>(asked_for - 1));
  if (value.data() == nullptr) return std::string_view();
  return text.substr(readable.position(value), value.size());
}

}  // namespace belfry::jobs
