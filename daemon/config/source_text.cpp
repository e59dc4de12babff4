#include "daemon/config/source_text.hpp"

#include <algorithm>
#include <utility>

namespace belfry::daemon {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

constexpr std::size_t stride = 256;

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

}  // namespace

SourceText::SourceText(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  if (text_.starts_with(byte_order_mark)) text_.erase(0, byte_order_mark.size());
  line_starts_.push_back(0);
  for (auto at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
    line_starts_.push_back(at + 1);
  }
  std::uint32_t characters = 0;
  for (std::size_t at = 0; at < text_.size(); ++at) {
    if (at % stride == 0) characters_.push_back(characters);
    if (starts_character(text_[at])) ++characters;
  }
}

std::size_t SourceText::characters_before(std::size_t offset) const noexcept {
  if (characters_.empty()) return 0;
  const auto index = std::min(offset / stride, characters_.size() - 1);
  const auto rest = std::string_view(text_).substr(index * stride, offset - index * stride);
  return characters_[index] + static_cast<std::size_t>(std::ranges::count_if(rest, starts_character));
}

std::size_t SourceText::line_index(std::size_t offset) const noexcept {
  const auto after = std::ranges::upper_bound(line_starts_, offset);
  return static_cast<std::size_t>(after - line_starts_.begin()) - 1;
}

Place SourceText::place_at(std::size_t offset) const noexcept {
  offset = std::min(offset, text_.size());
  const auto index = line_index(offset);
  const auto column = characters_before(offset) - characters_before(line_starts_[index]) + 1;
  return {static_cast<int>(index) + 1, static_cast<int>(column)};
}

std::size_t SourceText::offset_of(int line, int byte_column) const noexcept {
  if (line < 0 || byte_column < 0) return 0;
  if (static_cast<std::size_t>(line) >= line_starts_.size()) return text_.size();
  return std::min(line_starts_[static_cast<std::size_t>(line)] + static_cast<std::size_t>(byte_column), text_.size());
}

std::size_t SourceText::offset_at(Place place) const noexcept {
  const auto start = offset_of(place.line - 1, 0);
  if (place.column <= 1 || characters_.empty()) return start;
  const auto target = characters_before(start) + static_cast<std::size_t>(place.column) - 1;
  const auto after = std::ranges::upper_bound(characters_, target);
  auto at = static_cast<std::size_t>(after - characters_.begin() - 1) * stride;
  auto characters = characters_before(at);
  while (at < text_.size() && (characters < target || !starts_character(text_[at]))) {
    if (starts_character(text_[at])) ++characters;
    ++at;
  }
  return at;
}

std::size_t SourceText::line_start(std::size_t offset) const noexcept {
  return line_starts_[line_index(std::min(offset, text_.size()))];
}

std::string_view SourceText::line(int number) const noexcept {
  if (number < 1 || static_cast<std::size_t>(number) > line_starts_.size()) return {};
  const auto begin = line_starts_[static_cast<std::size_t>(number) - 1];
  auto end = text_.find('\n', begin);
  if (end == std::string::npos) end = text_.size();
  if (end > begin && text_[end - 1] == '\r') --end;
  return std::string_view(text_).substr(begin, end - begin);
}

}  // namespace belfry::daemon
