#include "daemon/compare/declared_keys.hpp"

#include <unordered_map>

#include "daemon/config/error_list.hpp"
#include "daemon/config/source_text.hpp"
#include "daemon/config/yaml_document.hpp"

namespace belfry::daemon {
namespace {

using yaml::Node;

// FNV-1a. Nothing but what is shown depends on it.
std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return (hash ^ text.size()) * 0x100000001B3U;
}

std::uint64_t mix(std::uint64_t hash, std::uint64_t other) {
  hash = (hash ^ other) * 0x9E3779B97F4A7C15U;
  return hash ^ (hash >> 29U);
}

class Digester {
 public:
  std::uint64_t digest(const Node& node) {
    if (const auto known = known_.find(&node); known != known_.end()) return known->second;
    std::uint64_t hash = mix(0xCBF29CE484222325U, static_cast<std::uint64_t>(node.kind));
    hash = mix(hash, node.text);
    for (const Node* item : node.items) hash = mix(hash, digest(*item));
    std::uint64_t entries = 0;
    for (const yaml::Entry& entry : node.entries) entries += mix(mix(hash, entry.key), digest(*entry.value));
    hash = mix(hash, entries);
    known_.emplace(&node, hash);  // a node that many aliases share is looked at once
    return hash;
  }

  DeclaredMap map_of(const Node& node) {
    DeclaredMap map;
    for (const yaml::Entry& entry : node.entries) {
      map.emplace(entry.key, DeclaredValue{digest(*entry.value), entry.value->kind == Node::Kind::map});
    }
    return map;
  }

 private:
  std::unordered_map<const Node*, std::uint64_t> known_;
};

void add_jobs(const Node& node, Digester& digester, DeclaredKeys& keys) {
  for (const yaml::Entry& entry : node.entries) keys.jobs.emplace(entry.key, digester.map_of(*entry.value));
  for (const Node* item : node.items) {
    if (const Node* const name = item->find("name")) keys.jobs.emplace(name->text, digester.map_of(*item));
  }
}

}  // namespace

DeclaredKeys declared_keys(std::string_view text) {
  DeclaredKeys keys;
  const SourceText source("", std::string(text));
  ErrorList errors(source);
  const auto document = yaml::parse(source, errors);
  if (document.root() == nullptr) return keys;
  Digester digester;
  for (const yaml::Entry& entry : document.root()->entries) {
    if (entry.key == "jobs") {
      add_jobs(*entry.value, digester, keys);
    } else if (entry.key == "defaults") {
      keys.defaults = digester.map_of(*entry.value);
    } else if (!entry.key.starts_with("x-")) {
      keys.top.emplace(entry.key, DeclaredValue{digester.digest(*entry.value), entry.value->kind == Node::Kind::map});
    }
  }
  return keys;
}

std::vector<std::string> differing(const DeclaredMap& before, const DeclaredMap& after) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : before) {
    const auto other = after.find(key);
    if (other == after.end() || other->second != value) keys.push_back(key);
  }
  for (const auto& [key, value] : after) {
    if (!before.contains(key)) keys.push_back(key);
  }
  return keys;
}

std::vector<std::string> edited_keys(const DeclaredKeys& before, const DeclaredKeys& after, std::string_view job) {
  const auto old_job = before.jobs.find(job);
  const auto new_job = after.jobs.find(job);
  if (old_job == before.jobs.end() || new_job == after.jobs.end()) return {};
  std::vector<std::string> keys = differing(old_job->second, new_job->second);
  for (const std::string& key : differing(before.defaults, after.defaults)) {
    const auto own = new_job->second.find(key);
    // A map such as environment is added to that of defaults; anything else takes its place.
    if (own == new_job->second.end() || own->second.map) keys.push_back("defaults." + key);
  }
  if (keys.empty() && differing(before.top, after.top) == std::vector<std::string>{"timezone"}) {
    keys.emplace_back("the top-level timezone");
  }
  return keys;
}

}  // namespace belfry::daemon
