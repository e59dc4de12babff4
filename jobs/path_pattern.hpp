// PathPattern: a glob that is followed component by component, so that a walk visits each path once and enters no
// folder in which nothing can match. Excludes: the patterns of what is left out.
//
// Wildcards as in io/glob.hpp. Immutable values, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace belfry::jobs {

class PathPattern {
 public:
  /// How many components a pattern may have from its first wildcard on.
  static constexpr std::size_t most_parts = 60;

  /// Which parts of the pattern may match the next component, one bit each; 0: none, nothing below can match.
  using State = std::uint64_t;

  /// REQUIRES: fits(pattern).
  explicit PathPattern(std::string_view pattern);
  static bool fits(std::string_view pattern);
  /// All that is in a folder and below it, hidden or not, whatever the folder's own name has in it.
  static PathPattern all_below(const std::string& folder);

  const std::string& text() const noexcept { return text_; }  ///< as it is written
  const std::string& base() const noexcept { return base_; }  ///< the folders before the first wildcard
  bool literal() const noexcept { return literal_; }          ///< without wildcards: base() and one name
  State start() const noexcept { return closed(1); }

  struct Step {
    bool matches = false;  ///< the whole pattern
    State below = 0;       ///< for what is in the folder of that name
  };
  Step step(State state, const char* name) const;

  /// The one name that can match in this state, so that no folder need be read; nullptr: a wildcard can, or several.
  const std::string* only_name(State state) const noexcept;

  /// Whether a relative path matches as a whole.
  bool matches(std::string_view relative) const;

  /// Of an exclude: its wildcards match a leading dot, too.
  PathPattern& with_hidden() {
    hidden_ = true;
    return *this;
  }

 private:
  PathPattern() = default;
  State closed(State state) const noexcept;
  bool part_matches(std::size_t part, const char* name) const;

  std::string text_;
  std::string base_;
  std::vector<std::string> parts_;
  bool literal_ = false;
  bool hidden_ = false;
};

/// "*.tmp" leaves out what has such a name, in whatever folder; "cache/*" (with a slash) what has that path below where
/// the walk begins; "cache/" (a slash at its end) folders only. What is in a folder that is left out is left out.
class Excludes {
 public:
  Excludes() = default;
  explicit Excludes(const std::vector<std::string>& patterns);

  /// `relative` is the path below where the walk begins, `name` its last component.
  bool leave_out(std::string_view relative, const char* name, bool folder) const;
  bool empty() const noexcept { return rules_.empty(); }

 private:
  struct Rule {
    PathPattern pattern;
    bool anchored = false;
    bool folders_only = false;
  };
  std::vector<Rule> rules_;
};

}  // namespace belfry::jobs
