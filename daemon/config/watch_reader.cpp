#include "daemon/config/watch_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "daemon/config/settings_reader.hpp"
#include "jobs/path_pattern.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;
using engine::ExistingFiles;

constexpr std::string_view expected =
    "a path, a list of paths, or a map such as {paths: /srv/in/*.csv, stable_for: 5s}";
constexpr std::size_t most_patterns = 100;
constexpr std::array<std::pair<std::string_view, ExistingFiles>, 3> existing_words{
    {{"newer", ExistingFiles::newer}, {"run", ExistingFiles::run}, {"ignore", ExistingFiles::ignore}}};
constexpr std::array<std::string_view, 2> event_words{"appear", "change"};

/// The value itself, or its items.
std::vector<Value> items_of(const Value& value, std::string_view of_what) {
  if (value.node().kind != yaml::Node::Kind::sequence) return {value};
  return value.list(of_what).value_or(std::vector<Value>{});
}

/// 3, 1.5 or true, without quotes.
bool is_number_or_truth(const yaml::Node& node) {
  if (node.kind != yaml::Node::Kind::scalar || node.style != yaml::Node::Style::plain) return false;
  const std::string& text = node.text;
  if (text == "true" || text == "false") return true;
  return text.find_first_not_of("0123456789.") == std::string::npos && text.find_first_not_of('.') != std::string::npos;
}

class Reader {
 public:
  explicit Reader(const std::filesystem::path& folder) : folder_(folder) {}

  void read_paths(const Value& value) {
    const std::vector<Value> items = items_of(value, "a list of paths");
    if (items.size() > most_patterns) {
      value.complain({"there are too many: " + std::to_string(items.size()), "at most " + std::to_string(most_patterns),
                      "a glob names many files"});
      good_ = false;
      return;
    }
    for (const Value& item : items) {
      if (is_number_or_truth(item.node())) {
        item.complain({"this is no path", std::string(expected), "a file or folder of that name: write it in quotes"});
        good_ = false;
        continue;
      }
      const auto path = read_path(item, folder_);
      if (path && fits(item, item.node().text)) {
        watch.paths.push_back(path->native());
      } else {
        good_ = false;
      }
    }
  }

  void read_map(const Value& value) {
    const MapReader map(value, watch_section);
    if (const auto paths = map.get("paths")) {
      read_paths(*paths);
    } else {
      if (!map.has("paths")) value.complain({"the key \"paths\" is missing", std::string(expected)});
      good_ = false;
    }
    if (const auto exclude = map.get("exclude")) read_exclude(*exclude);
    if (const auto events = map.get("events")) read_events(*events);
    read_span(map, "debounce", {.minimum = 0s, .maximum = 1h}, watch.debounce);
    read_span(map, "stable_for", {.minimum = 0s, .maximum = 24h}, watch.stable_for);
    if (const auto existing = map.get("existing")) {
      keep(existing->choice<ExistingFiles>(existing_words), watch.existing);
    }
    if (const auto rescan = map.get("rescan"); rescan && !rescan->is_none()) {
      watch.rescan.emplace();
      keep(rescan->duration({.minimum = 1s, .maximum = longest_duration}), *watch.rescan);
    }
    if (const auto folders = map.get("max_folders")) keep(folders->integer(1, 1'000'000), watch.max_folders);
  }

  bool good() const noexcept { return good_ && !watch.paths.empty(); }

  engine::Watch watch;

 private:
  template <class T, class U>
  void keep(const std::optional<T>& read, U& field) {
    good_ = good_ && read;
    if (read) field = static_cast<U>(*read);
  }

  void read_span(const MapReader& map, std::string_view key, const time::DurationOptions& limits,
                 time::Duration& span) {
    if (const auto value = map.get(key)) keep(value->duration(limits), span);
  }

  bool fits(const Value& item, const std::string& path) const {
    const auto wildcard = path.find_first_of("*?[");
    if (wildcard != std::string::npos && path.find("/..", wildcard) != std::string::npos) {
      item.complain({"it goes back by .. after a wildcard, out of what was matched", "a path without .."});
      return false;
    }
    if (jobs::PathPattern::fits(path)) return true;
    item.complain({"it is too deep", "at most 60 folders after the first wildcard"});
    return false;
  }

  void read_exclude(const Value& value) {
    for (const Value& item : items_of(value, "a list of names or globs")) {
      const auto text = item.text("a name such as *.tmp, or a path such as cache/*");
      if (text && text->find_first_not_of('/') != std::string::npos && jobs::PathPattern::fits(*text)) {
        watch.exclude.push_back(*text);
        continue;
      }
      if (text) item.complain({"not a name or a path", "a name such as *.tmp, or a path such as cache/*"});
      good_ = false;
    }
  }

  void read_events(const Value& value) {
    watch.on_appear = false;
    watch.on_change = false;
    for (const Value& item : items_of(value, "a list of appear and change")) {
      const auto word = item.choice(event_words);
      good_ = good_ && word;
      if (word) (*word == "appear" ? watch.on_appear : watch.on_change) = true;
    }
    good_ = good_ && (watch.on_appear || watch.on_change);
  }

  const std::filesystem::path& folder_;
  bool good_ = true;
};

}  // namespace

std::optional<engine::Watch> read_watch(const Value& value, const std::filesystem::path& folder) {
  Reader reader(folder);
  if (value.node().kind == yaml::Node::Kind::map) {
    reader.read_map(value);
  } else {
    reader.read_paths(value);
  }
  return reader.good() ? std::optional(std::move(reader.watch)) : std::nullopt;
}

std::string details_of(const engine::Watch& watch) {
  std::string text;
  for (const std::string& path : watch.paths) text += "path " + path + "\n";
  for (const std::string& pattern : watch.exclude) text += "exclude " + pattern + "\n";
  text += std::string("events") + (watch.on_appear ? " appear" : "") + (watch.on_change ? " change" : "") + "\n";
  text += "debounce " + std::to_string(watch.debounce.count()) + "\n";
  text += "stable_for " + std::to_string(watch.stable_for.count()) + "\n";
  text += "rescan " + std::to_string(watch.rescan.value_or(time::Duration{}).count()) + "\n";
  text += "existing " + std::string(to_string(watch.existing)) + "\n";
  return text + "max_folders " + std::to_string(watch.max_folders) + "\n";
}

}  // namespace belfry::daemon
