// Reads a map key by key, and complains about keys that it does not have. One thread; lives within one load.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "daemon/config/keys.hpp"
#include "daemon/config/value.hpp"

namespace belfry::daemon {

class MapReader {
 public:
  /// REQUIRES: `map` is a map. Complains at once about every key that is not of `section`; keys that begin with "x-"
  /// are free for the user's own anchors when `extensions` is set.
  MapReader(Value map, const Section& section, bool extensions = false);

  /// The value of a key if it is given. A key without a value is complained about and counts as not given.
  std::optional<Value> get(std::string_view key) const;

  /// Whether the key is given, be it right or wrong.
  bool has(std::string_view key) const noexcept { return map_.node().find(key) != nullptr; }

  /// Complains about the key itself, at its place.
  void complain_at_key(std::string_view key, Complaint complaint) const;

  /// Whether it has no key that its section does not have: else what seems to be missing may be misspelt.
  bool all_known() const noexcept { return all_known_; }

  const Value& map() const noexcept { return map_; }

 private:
  const yaml::Entry* entry(std::string_view key) const noexcept;

  Value map_;
  bool all_known_ = true;
};

/// The meaning of one of a few words, where the key is given and right; else `choice` stays.
template <typename T>
void read_choice(const MapReader& map, std::string_view key, std::span<const std::pair<std::string_view, T>> words,
                 T& choice) {
  if (const auto value = map.get(key)) choice = value->choice<T>(words).value_or(choice);
}

}  // namespace belfry::daemon
