// "Did you mean": the nearest of the words that would have been right. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace belfry::time {

/// The number of single-byte edits (insert, delete, replace, swap of neighbours) from `a` to `b`, ignoring ASCII case.
/// Texts longer than 64 bytes count as endlessly far: `limit` + 1 is returned as soon as the distance exceeds `limit`.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) noexcept;

/// The candidate nearest to `wrong`, if one is near enough to be what was meant (a third of its letters, at least one
/// edit, at most four, never all). The first of several equally near ones. The result points into `candidates`.
std::optional<std::string_view> nearest(std::string_view wrong, std::span<const std::string_view> candidates) noexcept;
std::optional<std::string_view> nearest(std::string_view wrong, std::span<const std::string> candidates) noexcept;

/// `did you mean "timeout"?`, or an empty text when nothing is near.
std::string did_you_mean(std::string_view wrong, std::span<const std::string_view> candidates);
std::string did_you_mean(std::string_view wrong, std::span<const std::string> candidates);

}  // namespace belfry::time
