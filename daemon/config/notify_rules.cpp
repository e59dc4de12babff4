#include "daemon/config/notify_rules.hpp"

#include <algorithm>
#include <utility>

#include "io/http_client.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;

struct KindWord {
  NoticeKind kind;
  std::string_view name;
  std::string_view key;
};

constexpr std::array<KindWord, notice_kinds> kind_words{{{NoticeKind::failure, "failure", "on_failure"},
                                                         {NoticeKind::success, "success", "on_success"},
                                                         {NoticeKind::recovery, "recovery", "on_recovery"},
                                                         {NoticeKind::missed, "missed", "on_missed"},
                                                         {NoticeKind::give_up, "give_up", "on_give_up"},
                                                         {NoticeKind::late, "late", "on_late"},
                                                         {NoticeKind::approval, "approval", "on_approval"}}};
constexpr std::string_view rules_expected = "a map such as {on_failure: [ops], on_recovery: [ops]}, or none";
constexpr std::string_view ping_expected =
    "a map such as {url_file: /etc/belfry/backup.ping, on: [start, success, failure]}, or none";
constexpr std::uint64_t most_output = std::uint64_t{1} << 20U;

bool check_channel(const Value& value, const std::string& name, const Channels& channels) {
  if (channels.contains(name)) return true;
  std::vector<std::string> known;
  constexpr std::size_t most = 200;  // each use is compared with all of them
  if (channels.size() <= most) {
    for (const auto& [other, channel] : channels) known.push_back(other);
  }
  auto hint = time::did_you_mean(name, known);
  if (hint.empty()) hint = "declare it under the key \"notify\" at the top";
  value.complain({"there is no such channel", "the name of a channel", std::move(hint)});
  return false;
}

std::vector<std::string> read_names(const Value& value, const Channels& channels) {
  static constexpr std::string_view names_expected = "the name of a channel, or a list of them";
  std::vector<std::string> names;
  const auto add = [&](const Value& item) {
    const auto name = item.text(names_expected);
    if (!name || !check_channel(item, *name, channels)) return;
    if (std::ranges::find(names, *name) != names.end()) {
      item.complain({"this channel is named twice", "each one once"});
      return;
    }
    names.push_back(*name);
  };
  if (value.node().kind != yaml::Node::Kind::sequence) {
    add(value);
    return names;
  }
  for (std::size_t i = 0; i < value.node().items.size(); ++i) add(value.item(i));  // none at all: nobody is told
  return names;
}

void read_rules(const Value& value, const Channels& channels, NotifyRules& rules) {
  if (value.is_none()) {
    rules = {};
    return;
  }
  if (!value.is_map(rules_expected)) return;
  const MapReader map(value, notify_section);
  NotifyRules wanted;
  for (const KindWord& word : kind_words) {
    if (const auto names = map.get(word.key)) wanted[std::to_underlying(word.kind)] = read_names(*names, channels);
  }
  rules = std::move(wanted);
}

/// The URL of a ping; `names` may stand in it.
std::optional<Secret> read_url(const MapReader& map, const SecretFiles& files, std::span<const std::string_view> names,
                               std::optional<MessageTemplate>& parsed) {
  if (!map.has("url") && !map.has("url_file") && map.all_known()) {
    map.map().errors().add(map.map().place(), map.map().path(),
                           {"where to is missing", "the key \"url\", or \"url_file\""});
  }
  auto url = read_secret(map, "url", files);
  if (!url || url->text.empty()) return url;
  const char* const key = map.has("url") ? "url" : "url_file";
  auto where = MessageTemplate::parse(url->text, names);
  if (!where) {
    map.complain_at_key(key, {where.error().message, "a URL", where.error().hint});
    return url;
  }
  if (!io::is_http_url(where->fill([](std::string_view) { return "x"; }))) {
    map.complain_at_key(key, {"this is no http or https URL", "such as https://hc-ping.com/UUID"});
    return url;
  }
  parsed = std::move(*where);
  return url;
}

void read_occasions(const Value& value, JobPing& ping) {
  static constexpr std::string_view words_expected = "a list of start, success and failure";
  static constexpr std::array<std::string_view, 3> words{"start", "success", "failure"};
  const auto items = value.list(words_expected);
  if (!items) return;
  ping.on_start = ping.on_success = ping.on_failure = false;
  for (const auto& item : *items) {
    const auto word = item.choice(words);
    if (word == "start") ping.on_start = true;
    if (word == "success") ping.on_success = true;
    if (word == "failure") ping.on_failure = true;
  }
}

void read_ping(const Value& value, const SecretFiles& files, std::optional<JobPing>& ping) {
  static constexpr std::array<std::string_view, 1> names{"job"};
  if (value.is_none()) {
    ping.reset();
    return;
  }
  if (!is_map_of_secrets(value, ping_expected)) return;
  const MapReader map(value, ping_section);
  JobPing wanted;
  if (auto url = read_url(map, files, names, wanted.where)) wanted.url = std::move(*url);
  if (const auto on = map.get("on")) read_occasions(*on, wanted);
  if (const auto output = map.get("send_output")) wanted.send_output = output->size(0, most_output).value_or(0);
  if (const auto timeout = map.get("timeout")) {
    wanted.timeout = timeout->duration({.minimum = 100ms, .maximum = 5min}).value_or(wanted.timeout);
  }
  ping = std::move(wanted);
}

}  // namespace

std::string_view to_string(NoticeKind kind) noexcept { return kind_words[std::to_underlying(kind)].name; }

void read_notify_policies(const MapReader& map, const NotifyContext& context, NotifyPolicies& policies) {
  if (const auto rules = map.get("notify")) read_rules(*rules, context.channels, policies.rules);
  if (const auto ping = map.get("ping")) read_ping(*ping, context.files, policies.ping);
}

std::optional<DaemonPing> read_daemon_ping(const Value& value, const SecretFiles& files) {
  DaemonPing ping;
  if (!is_map_of_secrets(value, "a map such as {url_file: /etc/belfry/belfryd.ping, every: 1m}")) return std::nullopt;
  const MapReader map(value, daemon_ping_section);
  std::optional<MessageTemplate> where;
  if (auto url = read_url(map, files, {}, where)) ping.url = std::move(*url);
  if (const auto every = map.get("every")) {
    ping.every = every->duration({.minimum = 1s, .maximum = 24h}).value_or(ping.every);
  }
  if (const auto timeout = map.get("timeout")) {
    ping.timeout = timeout->duration({.minimum = 100ms, .maximum = 5min}).value_or(ping.timeout);
  }
  return ping;
}

std::optional<MessageTemplate> read_template(const Value& value, std::span<const std::string_view> known) {
  const auto text = value.text("text, with names to fill in such as {{job}}");
  if (!text) return std::nullopt;
  auto parsed = MessageTemplate::parse(*text, known);
  if (parsed) return std::move(*parsed);
  value.complain(parsed.error());
  return std::nullopt;
}

}  // namespace belfry::daemon
