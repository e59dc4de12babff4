#include "daemon/config/placement_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace belfry::daemon {
namespace {

constexpr int highest_cpu = 8191;
constexpr std::string_view cpus_expected = "numbers and ranges of CPUs from 0 to 8191, such as 0-3,6";

constexpr std::array<std::pair<std::string_view, int>, 3> io_classes{
    {{"realtime", 1}, {"best_effort", 2}, {"idle", 3}}};

void read_number(const Value& value, int minimum, int maximum, std::optional<int>& number) {
  if (value.is_none()) {
    number.reset();
  } else if (const auto read = value.integer(minimum, maximum)) {
    number = static_cast<int>(*read);
  }
}

void read_ionice(const Value& value, std::optional<io::ShimIoPriority>& ionice) {
  if (value.is_none()) {
    ionice.reset();
    return;
  }
  if (value.node().kind != yaml::Node::Kind::map) {
    if (const auto word = value.choice<int>(io_classes)) ionice = {.priority_class = *word};
    return;
  }
  const MapReader map(value, ionice_section);
  io::ShimIoPriority wanted;
  if (const auto word = map.get("class")) {
    wanted.priority_class = word->choice<int>(io_classes).value_or(wanted.priority_class);
  }
  if (const auto level = map.get("level")) {
    wanted.level = static_cast<int>(level->integer(0, 7).value_or(wanted.level));
    if (wanted.priority_class == 3)
      map.complain_at_key("level", {"the class idle has no levels", "", "delete the key"});
  }
  ionice = wanted;
}

std::optional<int> cpu_number(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && number >= 0 && number <= highest_cpu ? std::optional(number) : std::nullopt;
}

bool add_cpus(std::string_view item, std::vector<int>& cpus) {
  const auto dash = item.find('-');
  const auto first = cpu_number(item.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : cpu_number(item.substr(dash + 1));
  if (!first || !last || *first > *last) return false;
  for (int cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  return true;
}

bool add_text(std::string_view text, std::vector<int>& cpus) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    auto item = text.substr(begin, end - begin);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!add_cpus(item, cpus)) return false;
    begin = end + 1;
  }
  return true;
}

void read_cpus(const Value& value, std::vector<int>& cpus) {
  if (value.is_none()) {
    cpus.clear();
    return;
  }
  std::vector<Value> items{value};
  if (value.node().kind == yaml::Node::Kind::sequence) items = value.list(cpus_expected).value_or(std::vector<Value>{});
  std::vector<int> wanted;
  for (const auto& item : items) {
    const auto text = item.text(cpus_expected);
    if (!text) return;
    if (!add_text(*text, wanted)) {
      item.complain({"no CPUs", std::string(cpus_expected)});
      return;
    }
    std::ranges::sort(wanted);
    const auto repeated = std::ranges::unique(wanted);
    wanted.erase(repeated.begin(), repeated.end());
  }
  if (!wanted.empty()) cpus = std::move(wanted);
}

}  // namespace

void read_placement(const MapReader& map, PlacementPolicy& placement) {
  if (const auto value = map.get("nice")) read_number(*value, -20, 19, placement.nice);
  if (const auto value = map.get("ionice")) read_ionice(*value, placement.ionice);
  if (const auto value = map.get("cpu_affinity")) read_cpus(*value, placement.cpus);
  if (const auto value = map.get("oom_score_adj")) read_number(*value, -1000, 1000, placement.oom_score_adj);
}

}  // namespace belfry::daemon
