#include "daemon/config/groups_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/config/names.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::pair<std::string_view, engine::OnFull>, 2> full_words{
    {{"queue", engine::OnFull::queue}, {"skip", engine::OnFull::skip}}};
constexpr std::string_view rate_expected =
    "COUNT/DURATION such as 10/1m, or a map such as {count: 10, per: 1m, burst: 5}";
constexpr std::string_view use_expected = "the name of a group, a map such as {name: db, weight: 2}, or none";
constexpr time::DurationOptions rate_spans{.allow_zero = false, .minimum = 1s, .maximum = 24h * 365};

void read_number(const MapReader& map, std::string_view key, int minimum, int maximum, int& number) {
  if (const auto value = map.get(key)) number = static_cast<int>(value->integer(minimum, maximum).value_or(number));
}

// "10/1m"
void read_rate_text(const Value& value, engine::RatePolicy& rate) {
  const auto text = value.text(rate_expected);
  if (!text) return;
  const auto slash = text->find('/');
  int count = 0;
  const char* const end = text->data() + std::min(slash, text->size());
  const auto [stop, error] = std::from_chars(text->data(), end, count);
  if (slash == std::string::npos || stop != end || error == std::errc::invalid_argument) {
    value.complain({"not a rate", std::string(rate_expected)});
    return;
  }
  if (error != std::errc{} || count < 1 || count > 1'000'000) {
    value.complain({"the count is out of range", "a whole number from 1 to 1000000"});
    return;
  }
  const std::string span = text->substr(slash + 1);
  auto per = time::parse_duration(span, rate_spans);
  if (!per) {
    const bool unit_alone = !span.empty() && time::parse_duration("1" + span, rate_spans).has_value();
    if (unit_alone) per.error().hint = "write " + std::to_string(count) + "/1" + span;
    per.error().offset += slash + 1;
    value.complain(per.error());
    return;
  }
  rate.count = count;
  rate.per = *per;
}

void read_rate(const Value& value, std::optional<engine::RatePolicy>& policy) {
  engine::RatePolicy rate;
  if (value.node().kind != yaml::Node::Kind::map) {
    read_rate_text(value, rate);
    policy = rate;
    return;
  }
  const MapReader map(value, rate_section);
  if (!map.has("count")) value.complain({"the key \"count\" is missing", std::string(rate_expected)});
  read_number(map, "count", 1, 1'000'000, rate.count);
  read_number(map, "burst", 1, 1'000'000, rate.burst);
  if (const auto per = map.get("per")) rate.per = per->duration(rate_spans).value_or(rate.per);
  policy = rate;
}

engine::GroupPolicy read_group(const Value& value) {
  engine::GroupPolicy policy;
  if (!value.is_map("a map with max_concurrency or rate")) return policy;
  const MapReader map(value, group_section);
  if (const auto limit = map.get("max_concurrency")) {
    if (const auto number = limit->integer(1, 10'000)) policy.limit = static_cast<int>(*number);
  }
  if (const auto full = map.get("on_full")) {
    policy.on_full = full->choice<engine::OnFull>(full_words).value_or(policy.on_full);
  }
  read_number(map, "queue_limit", 0, 100'000, policy.queue_limit);
  if (const auto rate = map.get("rate")) read_rate(*rate, policy.rate);
  if (!map.has("max_concurrency") && !map.has("rate") && map.all_known()) {
    value.errors().add(value.place(), value.path(), {"this group limits nothing", "max_concurrency, rate, or both"});
  }
  if (map.has("queue_limit") && policy.on_full == engine::OnFull::skip) {
    map.complain_at_key("queue_limit", {"nothing waits when on_full is skip", "on_full: queue, or no queue_limit"});
  }
  return policy;
}

bool check_group_name(const Value& value, const std::string& name, const Groups& groups) {
  if (groups.contains(name)) return true;
  std::vector<std::string> known;
  constexpr std::size_t most = 200;  // each use is compared with all of them
  if (groups.size() <= most) {
    for (const auto& [other, group] : groups) known.push_back(other);
  }
  auto hint = time::did_you_mean(name, known);
  if (hint.empty()) hint = "declare it under the key \"groups\" at the top";
  value.complain({"there is no such group", std::string(use_expected), std::move(hint)});
  return false;
}

void check_weight(const MapReader& map, const engine::GroupUse& use, const Groups& groups) {
  const auto& limit = groups.find(use.name)->second.policy.limit;
  if (!limit || use.weight <= *limit) return;
  const auto value = map.get("weight");
  if (!value) return;
  value->complain({"more than the whole group has: its max_concurrency is " + std::to_string(*limit),
                   "a weight of at most " + std::to_string(*limit)});
}

}  // namespace

Groups read_groups(const Value& value) {
  Groups groups;
  if (!value.is_map("a map of groups by name")) return groups;
  for (const auto& entry : value.node().entries) {
    const auto group = value.child(entry);
    if (!is_job_name(entry.key)) {
      value.errors().add(entry.place, group.path(),
                         {in_quotes(entry.key) + ": not a name for a group", std::string(name_expected)});
    }
    groups.emplace(entry.key, GroupDeclaration{.policy = read_group(group), .place = entry.place});
  }
  return groups;
}

void read_catchup(const Value& value, engine::CatchupPolicy& policy) {
  if (!value.is_map("a map such as {starts_per_minute: 60}")) return;
  read_number(MapReader(value, catchup_section), "starts_per_minute", 1, 100'000, policy.starts_per_minute);
}

void read_group_use(const Value& value, const Groups& groups, std::optional<engine::GroupUse>& use) {
  if (value.is_none()) {
    use.reset();
    return;
  }
  if (value.node().kind != yaml::Node::Kind::map) {
    const auto name = value.text(use_expected);
    if (name && check_group_name(value, *name, groups)) use = engine::GroupUse{.name = *name};
    return;
  }
  const MapReader map(value, group_use_section);
  engine::GroupUse wanted;
  read_number(map, "weight", 1, 1'000, wanted.weight);
  read_number(map, "priority", -100, 100, wanted.priority);
  if (!map.has("name")) value.complain({"the key \"name\" is missing", std::string(use_expected)});
  const auto name = map.get("name");
  if (!name || !name->text("the name of a group")) return;
  wanted.name = name->node().text;
  if (!check_group_name(*name, wanted.name, groups)) return;
  check_weight(map, wanted, groups);
  use = std::move(wanted);
}

}  // namespace belfry::daemon
