#include "time/zone_names.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <mutex>
#include <sstream>
#include <vector>

#include "time/suggest.hpp"
#include "time/zone.hpp"

namespace belfry::time {
namespace {

/// What one tzdata.zi says.
struct NameList {
  std::string version;
  std::vector<std::string> names;
};

/// Identifies the file, not its content: an update by a package manager is a new inode.
struct FileMark {
  ino_t inode = 0;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;

  friend bool operator==(const FileMark&, const FileMark&) = default;
};

/// All lists that were ever read; references to them stay valid, so none is removed.
struct Lists {
  std::mutex lock;
  std::deque<NameList> lists;
  FileMark mark;
  std::atomic<unsigned> generation = 0;
};

Lists& all_lists() {
  static auto* const lists = new Lists;  // never destroyed: zones outlive every static
  return *lists;
}

std::string list_path() { return detail::zone_directory() + "/tzdata.zi"; }

FileMark look() {
  struct stat status{};
  if (::stat(list_path().c_str(), &status) != 0) return {};
  return {status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

// "# version 2025b", "Z Europe/Berlin ...", "L Europe/Berlin Arctic/Longyearbyen"; all other lines are rules.
NameList read_list() {
  NameList list;
  std::ifstream file(list_path());
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string first;
    std::string second;
    std::string third;
    words >> first >> second >> third;
    if (first == "#" && second == "version") list.version = third;
    if (first == "Z") list.names.push_back(second);
    if (first == "L") list.names.push_back(third);
  }
  std::ranges::sort(list.names);
  return list;
}

const NameList& current_list() {
  Lists& lists = all_lists();
  const std::lock_guard guard(lists.lock);
  if (lists.lists.empty()) {
    lists.mark = look();
    lists.lists.push_back(read_list());
  }
  return lists.lists.back();
}

bool is_name_byte(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
}

/// The first byte that no zone name has there, or the size of the text.
std::size_t first_bad_byte(std::string_view name) noexcept {
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool separator = name[i] == '/' && i > 0 && name[i - 1] != '/' && i + 1 < name.size();
    if (!is_name_byte(name[i]) && !separator) return i;
  }
  return name.size();
}

/// "Berlin" for "Europe/Berlin".
std::optional<std::string_view> name_of_city(std::string_view city, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::size_t slash = name.rfind('/');
    if (slash != std::string::npos && edit_distance(city, std::string_view(name).substr(slash + 1), 0) == 0)
      return name;
  }
  return std::nullopt;
}

}  // namespace

namespace detail {

std::string zone_directory() {
  const char* const directory = std::getenv("TZDIR");  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
  return directory != nullptr && *directory == '/' ? directory : "/usr/share/zoneinfo";
}

unsigned zone_generation() noexcept { return all_lists().generation.load(std::memory_order_acquire); }

bool look_for_new_zone_data() {
  current_list();
  Lists& lists = all_lists();
  const std::lock_guard guard(lists.lock);
  const FileMark mark = look();
  if (mark == lists.mark) return false;
  lists.mark = mark;
  lists.lists.push_back(read_list());
  lists.generation.fetch_add(1, std::memory_order_release);
  return true;
}

ParseError unknown_zone(std::string_view name) {
  const auto& names = zone_names();
  ParseError error{0, name.size(), "no time zone is called \"" + std::string(name) + "\"", {}};
  auto meant = name_of_city(name, names);
  if (!meant) meant = nearest(name, std::span<const std::string>(names));
  error.hint = meant ? "did you mean \"" + std::string(*meant) + "\"?"
                     : R"(names are like "Europe/Berlin" or "UTC"; all are listed by `timedatectl list-timezones`)";
  return error;
}

Parsed<void> check_zone_name(std::string_view name) {
  if (name.empty()) {
    return std::unexpected(ParseError{0, 0, "a time zone has a name", R"(names are like "Europe/Berlin" or "UTC")"});
  }
  const std::size_t bad = first_bad_byte(name);
  if (bad != name.size()) {
    return std::unexpected(ParseError{bad, 1,
                                      R"(a time zone's name has letters, digits, "_", "+", "-" and single "/" inside)",
                                      R"(names are like "Europe/Berlin" or "UTC"; paths are not accepted)"});
  }
  const auto& names = zone_names();
  if (!names.empty() && !std::ranges::binary_search(names, name)) return std::unexpected(unknown_zone(name));
  return {};
}

}  // namespace detail

const std::vector<std::string>& zone_names() { return current_list().names; }

std::string zone_data_version() { return current_list().version; }

bool refresh_zones() { return detail::look_for_new_zone_data(); }

}  // namespace belfry::time
