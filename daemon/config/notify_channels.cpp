#include "daemon/config/notify_channels.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "daemon/config/mail_reader.hpp"
#include "daemon/config/names.hpp"
#include "daemon/config/notify_rules.hpp"
#include "daemon/config/settings_reader.hpp"
#include "io/http_client.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view channels_expected = "a map of channels by name";
constexpr std::array<std::string_view, 4> methods{"POST", "PUT", "PATCH", "GET"};

/// Pings are counted under this name.
constexpr std::string_view reserved_name = "ping";

void read_number(const MapReader& map, std::string_view key, int minimum, int maximum, int& number) {
  if (const auto value = map.get(key)) number = static_cast<int>(value->integer(minimum, maximum).value_or(number));
}

void read_span(const MapReader& map, std::string_view key, const time::DurationOptions& limits, time::Duration& span) {
  if (const auto value = map.get(key)) span = value->duration(limits).value_or(span);
}

void read_truth(const MapReader& map, std::string_view key, bool& truth) {
  if (const auto value = map.get(key)) truth = value->truth().value_or(truth);
}

WebhookTarget read_webhook(const Value& value, const SecretFiles& files) {
  WebhookTarget webhook;
  if (!is_map_of_secrets(value, "a map such as {url_file: /etc/belfry/hook.url}")) return webhook;
  const MapReader map(value, webhook_section);
  if (!map.has("url") && !map.has("url_file") && map.all_known()) {
    value.complain({"where to is missing", "the key \"url\", or \"url_file\""});
  }
  if (auto url = read_secret(map, "url", files)) {
    webhook.url = std::move(*url);
    const char* const key = map.has("url") ? "url" : "url_file";
    if (!webhook.url.text.empty() && !io::is_http_url(webhook.url.text)) {
      map.complain_at_key(key, {"this is no http or https URL", "such as https://hooks.example.org/belfry"});
    }
  }
  if (const auto method = map.get("method")) {
    webhook.method = std::string(method->choice(methods).value_or(webhook.method));
  }
  if (const auto headers = map.get("headers")) webhook.headers = read_headers(*headers, files);
  if (const auto body = map.get("body")) webhook.body = read_template(*body, message_names());
  if (const auto file = map.get("ca_file")) webhook.ca_file = read_path(*file, files.folder).value_or("");
  return webhook;
}

ExecTarget read_exec(const Value& value, const SecretFiles& files) {
  ExecTarget exec{.command = {}, .working_dir = files.folder};
  if (!value.is_map("a map such as {command: [/usr/local/bin/tell, ops]}")) return exec;
  const MapReader map(value, exec_section);
  if (!map.has("command") && map.all_known()) value.complain({"the key \"command\" is missing", "a program"});
  if (const auto command = map.get("command")) exec.command = read_command_line(*command).value_or(CommandLine{});
  if (const auto folder = map.get("working_dir")) {
    exec.working_dir = read_path(*folder, files.folder).value_or(exec.working_dir);
  }
  return exec;
}

void read_target(const MapReader& map, const SecretFiles& files, Channel& channel) {
  static constexpr std::array<std::string_view, 3> kinds{"webhook", "mail", "exec"};
  const auto given = std::ranges::count_if(kinds, [&map](std::string_view kind) { return map.has(kind); });
  if (given == 0 && map.all_known()) {
    map.map().errors().add(map.map().place(), map.map().path(),
                           {"this channel leads nowhere", "webhook, mail or exec"});
  }
  if (given > 1) {
    map.complain_at_key(map.has("exec") ? "exec" : "mail",
                        {"a channel leads to one place", "one of webhook, mail and exec",
                         "make two channels, and name both where both are to be told"});
  }
  if (const auto webhook = map.get("webhook")) channel.target = read_webhook(*webhook, files);
  if (const auto mail = map.get("mail")) channel.target = read_mail(*mail, files);
  if (const auto exec = map.get("exec")) channel.target = read_exec(*exec, files);
}

Channel read_channel(std::string name, const Value& value, const SecretFiles& files) {
  Channel channel{.name = std::move(name), .target = {}};
  if (!is_map_of_secrets(value, "a map such as {webhook: {url_file: hook.url}}")) return channel;
  const MapReader map(value, channel_section);
  if (!map.has("webhook")) channel.timeout = 30s;
  read_target(map, files, channel);
  read_span(map, "timeout", {.minimum = 100ms, .maximum = 5min}, channel.timeout);
  read_number(map, "retries", 0, 20, channel.retries);
  read_span(map, "retry_delay", {.minimum = 1ms, .maximum = 5min}, channel.retry_delay);
  read_number(map, "queue_limit", 1, 10'000, channel.queue_limit);
  read_span(map, "cooldown", {.minimum = 0s, .maximum = 24h * 30}, channel.cooldown);
  if (const auto output = map.get("send_output")) {
    channel.send_output = output->size(0, std::uint64_t{1} << 20U).value_or(channel.send_output);
  }
  read_truth(map, "first_failure_only", channel.first_failure_only);
  read_truth(map, "dedup", channel.dedup);
  return channel;
}

}  // namespace

Channels read_channels(const Value& value, const SecretFiles& files) {
  Channels channels;
  if (!value.is_map(channels_expected)) return channels;
  for (const auto& entry : value.node().entries) {
    const auto channel = value.child(entry);
    if (!is_job_name(entry.key)) {
      value.errors().add(entry.place, channel.path(),
                         {in_quotes(entry.key) + ": not a name for a channel", std::string(name_expected)});
    }
    if (entry.key == reserved_name) {
      value.errors().add(entry.place, channel.path(), {"pings are counted under this name", "another name"});
    }
    channels.emplace(entry.key, read_channel(entry.key, channel, files));
  }
  return channels;
}

}  // namespace belfry::daemon
