#include "daemon/config/settings_reader.hpp"

#include <sys/un.h>

#include <array>
#include <utility>

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::pair<std::string_view, LogLevel>, 4> log_levels{
    {{"debug", LogLevel::debug}, {"info", LogLevel::info}, {"warning", LogLevel::warning}, {"error", LogLevel::error}}};
constexpr std::array<std::pair<std::string_view, LogFormat>, 4> log_formats{{{"auto", LogFormat::automatic},
                                                                             {"text", LogFormat::text},
                                                                             {"json", LogFormat::json},
                                                                             {"journal", LogFormat::journal}}};
constexpr std::array<std::pair<std::string_view, ledger::Durability>, 2> durabilities{
    {{"full", ledger::Durability::full}, {"normal", ledger::Durability::normal}}};

void read_log(const Value& value, Settings& settings) {
  if (!value.is_map("a map with level or format")) return;
  const MapReader log(value, log_section);
  if (const auto level = log.get("level")) {
    settings.log_level = level->choice<LogLevel>(log_levels).value_or(settings.log_level);
  }
  if (const auto format = log.get("format")) {
    settings.log_format = format->choice<LogFormat>(log_formats).value_or(settings.log_format);
  }
}

void read_metrics(const Value& value, Settings& settings) {
  static constexpr std::string_view expected = "ADDRESS:PORT, such as 127.0.0.1:9640, or off";
  const auto text = value.text(expected);
  if (!text) return;
  if (*text == "off") {
    settings.metrics.reset();
  } else if (auto address = parse_metrics_address(*text)) {
    settings.metrics = std::move(address);
  } else {
    const auto local = "127.0.0.1:" + quotable(*text, 10);
    value.complain(
        {"not an address and a port", std::string(expected), parse_metrics_address(local) ? "write " + local : ""});
  }
}

void read_socket(const Value& value, const std::filesystem::path& folder, Settings& settings) {
  const auto path = read_path(value, folder);
  if (!path) return;
  constexpr auto longest = sizeof(sockaddr_un::sun_path) - 1;
  if (path->native().size() > longest) {
    value.complain({"the path is too long for a socket: " + std::to_string(path->native().size()) + " bytes",
                    "at most " + std::to_string(longest) + " bytes"});
    return;
  }
  settings.socket = *path;
}

void read_count(const MapReader& map, std::string_view key, std::size_t& count) {
  if (const auto value = map.get(key)) {
    count = static_cast<std::size_t>(value->integer(1, 1'000'000).value_or(static_cast<std::int64_t>(count)));
  }
}

void read_size(const MapReader& map, std::string_view key, std::uint64_t& size) {
  constexpr std::uint64_t smallest = std::uint64_t{1} << 20U;  // about what is written between two looks at it
  constexpr std::uint64_t largest = std::uint64_t{1} << 50U;
  if (const auto value = map.get(key)) size = value->size(smallest, largest).value_or(size);
}

void read_history(const Value& value, History& history) {
  if (!value.is_map(
          "a map with keep_for, keep_runs, keep_slots, keep_outputs, keep_output_size or keep_total_output_size"))
    return;
  const MapReader map(value, history_section);
  if (const auto keep_for = map.get("keep_for")) {
    history.keep_for = keep_for->duration({.minimum = 1min, .maximum = longest_duration}).value_or(history.keep_for);
  }
  read_count(map, "keep_runs", history.keep_runs);
  read_count(map, "keep_slots", history.keep_slots);
  read_count(map, "keep_outputs", history.keep_outputs);
  read_size(map, "keep_output_size", history.keep_output_size);
  read_size(map, "keep_total_output_size", history.keep_total_output_size);
}

void read_store(const Value& value, Store& store) {
  if (!value.is_map("a map with durability")) return;
  const MapReader map(value, store_section);
  if (const auto durability = map.get("durability")) {
    store.durability = durability->choice<ledger::Durability>(durabilities).value_or(store.durability);
  }
}

void read_version(const Value& value) {
  if (value.any_text("1") && value.node().text != "1") {
    value.complain({"unknown version of the format", "1"});
  }
}

}  // namespace

std::optional<time::Zone> read_zone(const Value& value) {
  if (!value.text("a time zone such as Europe/Berlin or UTC")) return std::nullopt;
  const auto zone = time::Zone::load(value.node().text);
  if (zone) return *zone;
  value.complain(zone.error());
  return std::nullopt;
}

std::optional<std::filesystem::path> read_path(const Value& value, const std::filesystem::path& folder) {
  const auto text = value.text("a path");
  if (!text) return std::nullopt;
  if (text->starts_with("~")) {
    value.complain({"\"~\" is not expanded here", "a path from / or relative to the folder of this file"});
    return std::nullopt;
  }
  return (folder / *text).lexically_normal();
}

Settings read_settings(const MapReader& top, const std::filesystem::path& folder) {
  Settings settings;
  if (const auto value = top.get("version")) read_version(*value);
  if (const auto value = top.get("state_dir")) {
    settings.state_dir = read_path(*value, folder).value_or(settings.state_dir);
  }
  if (const auto value = top.get("socket")) read_socket(*value, folder, settings);
  if (const auto value = top.get("metrics")) read_metrics(*value, settings);
  if (const auto value = top.get("log")) read_log(*value, settings);
  if (const auto value = top.get("shutdown_timeout")) {
    settings.shutdown_timeout = value->duration({.minimum = 0s, .maximum = 24h}).value_or(settings.shutdown_timeout);
  }
  if (const auto value = top.get("threads")) {
    settings.threads = static_cast<int>(value->integer(1, 256).value_or(settings.threads));
  }
  if (const auto value = top.get("watch_config")) {
    settings.watch_config = value->truth().value_or(settings.watch_config);
  }
  if (const auto value = top.get("history")) read_history(*value, settings.history);
  if (const auto value = top.get("store")) read_store(*value, settings.store);
  settings.timezone = time::Zone::local().zone;
  if (const auto value = top.get("timezone")) {
    settings.timezone = read_zone(*value).value_or(settings.timezone);
  }
  return settings;
}

}  // namespace belfry::daemon
