// One value of the file with all that a message about it needs: typed readers that complain and give nothing.
//
// A value is never converted behind the user's back: text is taken as written, truth values are `true` and `false`
// only, numbers have no leading zeros. One thread; lives within one load.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/config/error_list.hpp"
#include "daemon/config/yaml_document.hpp"
#include "time/duration.hpp"
#include "time/parse_error.hpp"

namespace belfry::daemon {

/// The longest span that any key takes: about ten years.
inline constexpr time::Duration longest_duration = std::chrono::hours{24 * 3660};

class Value {
 public:
  /// `path` is the key as messages name it, "jobs.backup.timeout". Node and list must outlive the value.
  Value(const yaml::Node& node, std::string path, ErrorList& errors)
      : node_(&node), path_(std::move(path)), errors_(&errors) {}

  const yaml::Node& node() const noexcept { return *node_; }
  const std::string& path() const noexcept { return path_; }
  Place place() const noexcept { return node_->place; }
  ErrorList& errors() const noexcept { return *errors_; }

  /// The value of a key of this map, and an item of this list. REQUIRES: it is one.
  Value child(const yaml::Entry& entry) const;
  Value item(std::size_t index) const;

  /// Notes a mistake at this value. A scalar is quoted in front of the message.
  void complain(Complaint complaint) const;

  /// The same for a mistake inside the text, at the byte that the error tells.
  void complain(const time::ParseError& error) const;

  /// Text as written; not empty. Numbers and words like `true` are text, too.
  std::optional<std::string> text(std::string_view expected = "text") const;

  /// The same, and it may be empty.
  std::optional<std::string> any_text(std::string_view expected = "text") const;

  std::optional<bool> truth() const;
  std::optional<std::int64_t> integer(std::int64_t minimum, std::int64_t maximum) const;
  std::optional<double> number(double minimum, double maximum) const;
  std::optional<time::Duration> duration(const time::DurationOptions& limits) const;

  /// Bytes: "64K", "1M", "2GiB" (powers of 1,024), or a plain number.
  std::optional<std::uint64_t> size(std::uint64_t minimum, std::uint64_t maximum) const;

  /// The meaning of one of a few words.
  template <typename T>
  std::optional<T> choice(std::span<const std::pair<std::string_view, T>> words) const {
    std::vector<std::string_view> names;
    for (const auto& word : words) names.push_back(word.first);
    const auto index = choice_index(names);
    return index ? std::optional(words[*index].second) : std::nullopt;
  }

  /// One of a few words.
  std::optional<std::string_view> choice(std::span<const std::string_view> words) const {
    const auto index = choice_index(words);
    return index ? std::optional(words[*index]) : std::nullopt;
  }

  /// The items of a list that is not empty. `expected` says of what.
  std::optional<std::vector<Value>> list(std::string_view expected) const;

  /// Whether it is a map; complains otherwise.
  bool is_map(std::string_view expected) const;

  /// Whether it is the plain word `none`, which switches off what a default has set.
  bool is_none() const noexcept;

 private:
  bool is_scalar(std::string_view expected) const;
  std::optional<std::size_t> choice_index(std::span<const std::string_view> names) const;

  const yaml::Node* node_;
  std::string path_;
  ErrorList* errors_;
};

}  // namespace belfry::daemon
