#include "time/suggest.hpp"

#include <algorithm>
#include <array>

namespace belfry::time {
namespace {

constexpr std::size_t longest_word = 64;

char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

template <typename Text>
std::optional<std::string_view> nearest_of(std::string_view wrong, std::span<const Text> candidates) noexcept {
  std::size_t best = std::clamp<std::size_t>(wrong.size() / 3, 1, 4) + 1;
  std::optional<std::string_view> found;
  for (const Text& candidate : candidates) {
    const std::size_t distance = edit_distance(wrong, candidate, best - 1);
    if (distance < best && (distance == 0 || distance < wrong.size())) {
      best = distance;
      found = candidate;
      if (best == 0) break;
    }
  }
  return found;
}

template <typename Text>
std::string question(std::string_view wrong, std::span<const Text> candidates) {
  const auto found = nearest_of(wrong, candidates);
  return found ? "did you mean \"" + std::string(*found) + "\"?" : std::string();
}

}  // namespace

// Optimal string alignment, three rows of the usual table.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) noexcept {
  const std::size_t shorter = std::min(a.size(), b.size());
  const std::size_t longer = std::max(a.size(), b.size());
  if (longer > longest_word || longer - shorter > limit) return limit + 1;
  using Row = std::array<std::size_t, longest_word + 1>;
  std::array<Row, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    Row& row = rows[i % 3];
    const Row& above = rows[(i + 2) % 3];
    const Row& two_above = rows[(i + 1) % 3];
    row[0] = i;
    std::size_t least = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = to_lower(a[i - 1]) == to_lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      const bool swapped =
          i > 1 && j > 1 && to_lower(a[i - 1]) == to_lower(b[j - 2]) && to_lower(a[i - 2]) == to_lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], two_above[j - 2] + 1);
      least = std::min(least, row[j]);
    }
    if (least > limit + 1) return limit + 1;  // a later swap can still save one edit
  }
  return std::min(rows[a.size() % 3][b.size()], limit + 1);
}

std::optional<std::string_view> nearest(std::string_view wrong, std::span<const std::string_view> candidates) noexcept {
  return nearest_of(wrong, candidates);
}

std::optional<std::string_view> nearest(std::string_view wrong, std::span<const std::string> candidates) noexcept {
  return nearest_of(wrong, candidates);
}

std::string did_you_mean(std::string_view wrong, std::span<const std::string_view> candidates) {
  return question(wrong, candidates);
}

std::string did_you_mean(std::string_view wrong, std::span<const std::string> candidates) {
  return question(wrong, candidates);
}

}  // namespace belfry::time
