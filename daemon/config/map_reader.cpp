#include "daemon/config/map_reader.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace belfry::daemon {
namespace {

/// Else it may be more than a key: what stands in {password:hunter2} is one without a value.
bool is_word(std::string_view key) {
  return std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

/// What is behind a key that is not known may be meant for one that holds a secret.
bool may_be_secret(const Section& section, const yaml::Node& node) {
  return section.secret || node.text.find("://") != std::string::npos;
}

}  // namespace

MapReader::MapReader(Value map, const Section& section, bool extensions) : map_(std::move(map)) {
  for (const auto& entry : map_.node().entries) {
    if (find_key(section, entry.key) != nullptr || (extensions && entry.key.starts_with("x-"))) continue;
    all_known_ = false;
    if (may_be_secret(section, *entry.value)) map_.errors().hide_line(entry.value->place);
    if (section.secret && !is_word(entry.key)) {
      map_.errors().hide_line(entry.place);
      map_.errors().add(entry.place, map_.path(), {"this is no key", "KEY: VALUE, with a space behind the colon"});
      continue;
    }
    const auto hint = map_.errors().full() ? std::string() : hint_for_unknown_key(section, entry.key);
    map_.errors().add(entry.place, map_.child(entry).path(), {"unknown key " + in_quotes(entry.key), "", hint});
  }
}

const yaml::Entry* MapReader::entry(std::string_view key) const noexcept {
  const auto found = std::ranges::find(map_.node().entries, key, &yaml::Entry::key);
  return found == map_.node().entries.end() ? nullptr : &*found;
}

std::optional<Value> MapReader::get(std::string_view key) const {
  const auto* found = entry(key);
  if (found == nullptr) return std::nullopt;
  auto value = map_.child(*found);
  if (value.node().kind != yaml::Node::Kind::null) return value;
  map_.errors().add(found->place, value.path(), {"no value is given", "", "give one, or delete the key"});
  return std::nullopt;
}

void MapReader::complain_at_key(std::string_view key, Complaint complaint) const {
  if (const auto* found = entry(key)) {
    map_.errors().add(found->place, map_.child(*found).path(), std::move(complaint));
  }
}

}  // namespace belfry::daemon
