#include "daemon/reload.hpp"

#include <utility>

#include "async/loop.hpp"
#include "async/thread_pool_call.hpp"
#include "daemon/config/catalog_builder.hpp"

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

}  // namespace

Reloader::Reloader(Options options, LoadOptions load, Settings running, Parts parts)
    : options_(std::move(options)), load_(load), running_(std::move(running)), parts_(parts) {}

ReloadReport Reloader::apply(const Config& config) {
  ReloadReport report;
  report.generation = ++generation_;
  report.changes = parts_.engine.apply(build_catalog(
      config,
      {.pool = &parts_.pool, .natives = &parts_.natives, .state_dir = running_.state_dir, .generation = generation_}));
  report.needs_restart = fixed_keys_changed(running_, effective(config.settings, options_));
  parts_.metrics.config_loaded(true, async::Loop::current().wall_now());
  return report;
}

async::Task<ReloadReport> Reloader::reload() {
  const auto turn = co_await turn_.acquire();
  LoadResult loaded = co_await parts_.pool.run(load_config, options_.config, load_);
  if (loaded) co_return apply(*loaded);
  parts_.metrics.config_loaded(false, async::Loop::current().wall_now());
  ReloadReport report;
  report.errors = std::move(loaded.error());
  report.generation = generation_;
  co_return report;
}

}  // namespace belfry::daemon
