#include "daemon/reload.hpp"

#include <filesystem>
#include <utility>

#include "async/loop.hpp"
#include "async/thread_pool_call.hpp"
#include "daemon/config/catalog_builder.hpp"
#include "time/zone.hpp"

namespace belfry::daemon {
namespace {

/// The keys that the running daemon cannot follow.
std::vector<std::string> fixed_keys_changed(const Settings& running, const Settings& wanted) {
  std::vector<std::string> changed;
  const auto note = [&changed](bool differs, const char* key) {
    if (differs) changed.emplace_back(key);
  };
  const auto address = [](const Settings& settings) { return settings.metrics ? settings.metrics->text() : "off"; };
  note(running.state_dir != wanted.state_dir, "state_dir");
  note(running.socket != wanted.socket, "socket");
  note(address(running) != address(wanted), "metrics");
  note(running.threads != wanted.threads, "threads");
  return changed;
}

/// What was read on the pool.
struct Read {
  std::optional<ZoneUpdate> zones;
  LoadResult config;
};

std::optional<ZoneUpdate> look_for_zones() {
  std::string before = time::zone_data_version();
  if (!time::refresh_zones()) return std::nullopt;
  return ZoneUpdate{.before = std::move(before), .now = time::zone_data_version()};
}

}  // namespace

Reloader::Reloader(Options options, LoadOptions load, Settings running, Parts parts)
    : options_(std::move(options)), load_(load), running_(std::move(running)), parts_(parts) {}

ReloadReport Reloader::apply(const Config& config) {
  ReloadReport report;
  report.generation = ++generation_;
  report.changes = parts_.engine.apply(build_catalog(
      config,
      {.pool = &parts_.pool, .natives = &parts_.natives, .state_dir = running_.state_dir, .generation = generation_}));
  text_ = config.text;
  report.needs_restart = fixed_keys_changed(running_, effective(config.settings, options_));
  parts_.metrics.config_loaded(true, async::Loop::current().wall_now());
  return report;
}

async::Task<ReloadReport> Reloader::reload() {
  const auto turn = co_await turn_.acquire();
  auto read_file = [path = options_.config, load = load_] {
    auto zones = look_for_zones();
    return Read{.zones = std::move(zones), .config = load_config(path, load)};
  };
  Read read = co_await parts_.pool.run(std::move(read_file));
  if (!read.config) co_return refused(std::move(read.config.error()), std::move(read.zones));
  ReloadReport report = apply(*read.config);
  report.zones = std::move(read.zones);
  co_return report;
}

async::Task<std::optional<ReloadReport>> Reloader::refresh_zones() {
  const auto turn = co_await turn_.acquire();
  auto read_again = [text = text_, path = std::filesystem::absolute(options_.config), load = load_] {
    auto zones = look_for_zones();
    if (!zones) return Read{};
    return Read{.zones = std::move(zones), .config = parse_config(text, path.native(), path.parent_path(), load)};
  };
  Read read = co_await parts_.pool.run(std::move(read_again));
  if (!read.zones) co_return std::nullopt;
  if (!read.config) co_return refused(std::move(read.config.error()), std::move(read.zones));
  ReloadReport report = apply(*read.config);
  report.zones = std::move(read.zones);
  co_return report;
}

ReloadReport Reloader::refused(std::vector<ConfigError> errors, std::optional<ZoneUpdate> zones) {
  parts_.metrics.config_loaded(false, async::Loop::current().wall_now());
  ReloadReport report;
  report.errors = std::move(errors);
  report.generation = generation_;
  report.zones = std::move(zones);
  return report;
}

}  // namespace belfry::daemon
