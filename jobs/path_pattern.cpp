#include "jobs/path_pattern.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <bit>

#include "io/glob.hpp"

namespace belfry::jobs {

PathPattern::PathPattern(std::string_view pattern) : text_(pattern), literal_(!io::has_wildcards(pattern)) {
  auto cut = io::split_glob(pattern);
  base_ = std::move(cut.base);
  parts_ = std::move(cut.parts);
  if (parts_.back() == "**") parts_.emplace_back("*");
}

bool PathPattern::fits(std::string_view pattern) { return io::split_glob(pattern).parts.size() < most_parts; }

PathPattern PathPattern::all_below(const std::string& folder) {
  PathPattern pattern;
  pattern.text_ = folder + "/**";
  pattern.base_ = folder;
  pattern.parts_ = {"**", "*"};
  pattern.hidden_ = true;
  return pattern;
}

PathPattern::State PathPattern::closed(State state) const noexcept {
  for (std::size_t part = 0; part + 1 < parts_.size(); ++part) {
    if ((state >> part & 1U) != 0 && parts_[part] == "**") state |= State{2} << part;  // ** may stand for no folder
  }
  return state;
}

bool PathPattern::part_matches(std::size_t part, const char* name) const {
  const std::string& wanted = parts_[part];
  if (!io::has_wildcards(wanted)) return wanted == name;
  return ::fnmatch(wanted.c_str(), name, hidden_ ? 0 : FNM_PERIOD) == 0;
}

PathPattern::Step PathPattern::step(State state, const char* name) const {
  Step result;
  for (; state != 0; state &= state - 1) {
    const auto part = static_cast<std::size_t>(std::countr_zero(state));
    if (parts_[part] == "**") {
      if (hidden_ || *name != '.') result.below |= State{1} << part;
    } else if (part_matches(part, name)) {
      if (part + 1 == parts_.size()) {
        result.matches = true;
      } else {
        result.below |= State{2} << part;
      }
    }
  }
  result.below = closed(result.below);
  return result;
}

const std::string* PathPattern::only_name(State state) const noexcept {
  if (std::popcount(state) != 1) return nullptr;
  const std::string& part = parts_[static_cast<std::size_t>(std::countr_zero(state))];
  return io::has_wildcards(part) ? nullptr : &part;
}

bool PathPattern::matches(std::string_view relative) const {
  State state = start();
  while (state != 0) {
    const auto slash = relative.find('/');
    const Step next = step(state, std::string(relative.substr(0, slash)).c_str());
    if (slash == std::string_view::npos) return next.matches;
    state = next.below;
    relative.remove_prefix(slash + 1);
  }
  return false;
}

Excludes::Excludes(const std::vector<std::string>& patterns) {
  for (std::string_view pattern : patterns) {
    const bool folders_only = pattern.ends_with('/');
    while (pattern.ends_with('/')) pattern.remove_suffix(1);
    const bool anchored = pattern.contains('/');
    while (pattern.starts_with('/')) pattern.remove_prefix(1);
    rules_.push_back({.pattern = PathPattern(pattern), .anchored = anchored, .folders_only = folders_only});
    rules_.back().pattern.with_hidden();
  }
}

bool Excludes::leave_out(std::string_view relative, const char* name, bool folder) const {
  return std::ranges::any_of(rules_, [&](const Rule& rule) {
    if (rule.folders_only && !folder) return false;
    if (!rule.anchored) return rule.pattern.matches(name);
    std::string_view rest = relative;
    if (rule.pattern.base() != ".") {
      if (!rest.starts_with(rule.pattern.base() + "/")) return false;
      rest.remove_prefix(rule.pattern.base().size() + 1);
    }
    return rule.pattern.matches(rest);
  });
}

}  // namespace belfry::jobs
