#include "daemon/stray_reaper.hpp"

#include <utility>
#include <variant>

#include "async/sleep.hpp"
#include "io/process_tree.hpp"
#include "jobs/run_cgroup.hpp"

namespace belfry::daemon {

StrayReaper::StrayReaper(const engine::Engine& engine, engine::EventStream& events, std::string_view ledger_id)
    : engine_(engine), ledger_id_(ledger_id) {
  events.subscribe([this](const engine::Event& event) {
    if (std::holds_alternative<ledger::RunStarted>(event)) run_began_.set();
  });
}

async::Task<> StrayReaper::serve() {
  auto sweeping =
      jobs::sweep_run_cgroups(ledger_id_, [this](ledger::RunId run) { return engine_.active_run(run).has_value(); });
  co_await std::move(sweeping);
  for (;;) {
    co_await run_began_.wait();
    run_began_.clear();
    while (engine_.status().running > 0) {
      co_await async::sleep(std::chrono::minutes{1});
      io::reap_strays();
    }
  }
}

}  // namespace belfry::daemon
