#include "daemon/reload.hpp"

#include <algorithm>
#include <utility>

#include "async/fault_point.hpp"
#include "async/loop.hpp"
#include "async/thread_pool_call.hpp"
#include "daemon/config/catalog_builder.hpp"
#include "daemon/stores.hpp"
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
  note(running.history != wanted.history, "history");
  note(running.store != wanted.store, "store");
  return changed;
}

std::optional<ZoneUpdate> look_for_zones() {
  std::string before = time::zone_data_version();
  if (!time::refresh_zones()) return std::nullopt;
  return ZoneUpdate{.before = std::move(before), .now = time::zone_data_version()};
}

}  // namespace

struct Reloader::Basis {
  std::filesystem::path path;
  LoadOptions load;
  BuildContext build;
  std::shared_ptr<const engine::Catalog> catalog;  // in force; null before the first
  std::shared_ptr<const std::string> text;
  Calendars calendars;
  time::WallTime now;

  /// Makes the catalog and the comparison of what was read. On the desk.
  Prepared prepare(LoadResult read, std::vector<SourceFile> files, std::optional<ZoneUpdate> zones) const {
    Prepared prepared{.zones = std::move(zones),
                      .errors = {},
                      .config = {},
                      .files = std::move(files),
                      .catalog = nullptr,
                      .notify = nullptr,
                      .differences = nullptr};
    if (!read) {
      prepared.errors = std::move(read.error());
      return prepared;
    }
    prepared.config = std::move(*read);
    prepared.catalog = build_catalog(prepared.config, build);
    prepared.notify = plan_of(prepared.config);
    prepared.config.jobs.clear();
    if (!catalog) return prepared;
    const Declaration before{.catalog = *catalog, .text = *text, .calendars = calendars};
    const Declaration after{
        .catalog = *prepared.catalog, .text = prepared.config.text, .calendars = prepared.config.calendars};
    prepared.differences = std::make_shared<const ConfigDiff>(compare(before, after, now, !prepared.zones));
    return prepared;
  }
};

Reloader::Reloader(Options options, LoadOptions load, Settings running, Parts parts)
    : options_(std::move(options)), load_(std::move(load)), running_(std::move(running)), parts_(std::move(parts)) {}

Reloader::Basis Reloader::basis() const {
  return {.path = std::filesystem::absolute(options_.config),
          .load = load_,
          .build = {.pool = &parts_.pool,
                    .state_dir = running_.state_dir,
                    .secrets_folder = secrets_folder(parts_.ledger),
                    .journal = parts_.journal,
                    .generation = generation_ + 1},
          .catalog = parts_.engine.catalog(),
          .text = text_,
          .calendars = calendars_,
          .now = async::Loop::current().wall_now()};
}

ReloadReport Reloader::begin(Config config, std::vector<SourceFile> files) {
  return take(basis().prepare(std::move(config), std::move(files), std::nullopt));
}

async::Task<ReloadReport> Reloader::reload() {
  const auto turn = co_await turn_.acquire();
  ReloadReport report = co_await read_again();
  co_return report;
}

async::Task<std::optional<ReloadReport>> Reloader::reload_if_changed() {
  const auto turn = co_await turn_.acquire();
  auto look = [last = last_read_, in_force = in_force_] {
    return std::pair(up_to_date(last), last != in_force && up_to_date(in_force));
  };
  const auto [as_read, as_in_force] = co_await parts_.desk.run(std::move(look));
  if (as_read) co_return std::nullopt;
  if (as_in_force) {
    last_read_ = in_force_;
    parts_.metrics.config_loaded(true, async::Loop::current().wall_now());
    ReloadReport report;
    report.restored = true;
    report.generation = generation_;
    co_return report;
  }
  ReloadReport report = co_await read_again();
  co_return report;
}

async::Task<ReloadReport> Reloader::read_again() {
  auto read = [basis = basis(), path = options_.config] {
    auto zones = look_for_zones();
    Loaded loaded = load_with_files(path, basis.load);
    return basis.prepare(std::move(loaded.config), std::move(loaded.files), std::move(zones));
  };
  Prepared prepared = co_await parts_.desk.run(std::move(read));
  BELFRY_FAULT_POINT("reload.read");
  ReloadReport report = take(std::move(prepared));
  BELFRY_FAULT_POINT("reload.swapped");
  co_return report;
}

async::Task<std::optional<ReloadReport>> Reloader::refresh_zones() {
  const auto turn = co_await turn_.acquire();
  auto read_again = [basis = basis(), files = in_force_] {
    auto zones = look_for_zones();
    if (!zones) return Prepared{};
    auto config = parse_config(*basis.text, basis.path.native(), basis.path.parent_path(), basis.load);
    return basis.prepare(std::move(config), files, std::move(zones));
  };
  Prepared prepared = co_await parts_.desk.run(std::move(read_again));
  if (!prepared.zones) co_return std::nullopt;
  co_return take(std::move(prepared));
}

/// Between two turns of the loop: swaps, or keeps the old one.
ReloadReport Reloader::take(Prepared prepared) {
  ReloadReport report;
  report.zones = std::move(prepared.zones);
  last_read_ = prepared.files;
  parts_.metrics.config_loaded(prepared.errors.empty(), async::Loop::current().wall_now());
  if (!prepared.errors.empty()) {
    report.errors = std::move(prepared.errors);
    report.generation = generation_;
    return report;
  }
  report.generation = ++generation_;
  parts_.notifications.apply(std::move(prepared.notify));
  parts_.tracing.apply(prepared.config.tracing);
  report.changes = parts_.engine.apply(std::move(prepared.catalog));
  report.differences = std::move(prepared.differences);
  report.needs_restart = fixed_keys_changed(running_, effective(prepared.config.settings, options_));
  watch_config_ = prepared.config.settings.watch_config;
  text_ = std::make_shared<const std::string>(std::move(prepared.config.text));
  calendars_ = std::move(prepared.config.calendars);
  in_force_ = std::move(prepared.files);
  if (report.zones) {
    parts_.ledger.write(ledger::ZonesChanged{
        .at = async::Loop::current().wall_now(), .before = report.zones->before, .now = report.zones->now});
  }
  return report;
}

std::vector<std::filesystem::path> Reloader::files() const {
  std::vector<std::filesystem::path> paths;
  paths.reserve(last_read_.size());
  for (const SourceFile& file : last_read_) paths.push_back(file.path);
  for (const SourceFile& file : in_force_) {
    if (std::ranges::find(paths, file.path) == paths.end()) paths.push_back(file.path);
  }
  return paths;
}

}  // namespace belfry::daemon
