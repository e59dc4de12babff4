#include "daemon/stray_reaper.hpp"

#include <variant>

#include "async/sleep.hpp"
#include "io/process_tree.hpp"

namespace belfry::daemon {

StrayReaper::StrayReaper(const engine::Engine& engine, engine::EventStream& events) : engine_(engine) {
  events.subscribe([this](const engine::Event& event) {
    if (std::holds_alternative<ledger::RunStarted>(event)) run_began_.set();
  });
}

async::Task<> StrayReaper::serve() {
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
