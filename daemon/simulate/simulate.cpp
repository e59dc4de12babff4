#include "daemon/simulate/simulate.hpp"

#include <utility>

#include "async/clock.hpp"
#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/run.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "async/timeout.hpp"
#include "daemon/config/catalog_builder.hpp"
#include "daemon/simulate/counting_ledger.hpp"
#include "engine/engine.hpp"

namespace belfry::daemon {
namespace {

constexpr time::Duration a_moment{1};

/// Takes as long as one of the recorded runs, and ends like it.
class SimulatedAction final : public engine::Action {
 public:
  SimulatedAction(std::shared_ptr<const JobSamples> samples, std::uint64_t seed)
      : samples_(std::move(samples)), seed_(seed) {}

  async::Task<ledger::Outcome> run(const engine::Attempt& attempt, engine::Report& /*report*/) const override {
    const RunSample sample = choose(*samples_, seed_, attempt.job, attempt.run);
    if (sample.span > time::Duration::zero()) co_await async::sleep(sample.span);
    co_return sample.outcome;
  }
  std::string_view kind() const noexcept override { return "simulated"; }
  std::string describe() const override { return "sleeps as long as a recorded run"; }

 private:
  std::shared_ptr<const JobSamples> samples_;
  std::uint64_t seed_;
};

std::shared_ptr<const engine::Catalog> build(const Config& config, const SimulateOptions& options) {
  const auto none = std::make_shared<const JobSamples>();
  const auto samples_of = [&](const std::string& job) {
    const auto found = options.samples->find(job);
    return found == options.samples->end() ? none : std::shared_ptr<const JobSamples>(options.samples, &found->second);
  };
  const auto make_action = [&](const JobSpec& job) {
    return std::make_shared<const SimulatedAction>(samples_of(job.name), options.seed);
  };
  engine::Catalog catalog = *build_catalog(config, 1, make_action);
  for (auto& [name, declared] : catalog.jobs) {
    engine::Job job = *declared;
    job.retry.limit = 0;
    job.precondition = nullptr;
    declared = std::make_shared<const engine::Job>(std::move(job));
  }
  return std::make_shared<const engine::Catalog>(std::move(catalog));
}

class Run {
 public:
  Run(const SimulateOptions& options, std::shared_ptr<const engine::Catalog> catalog, Tally& tally)
      : options_(options), catalog_(std::move(catalog)), tally_(tally) {}

  WallTime go() {
    async::ManualClock clock(options_.from - a_moment);  // so that what is due at `from` is to come, and at `to` is not
    async::Loop loop(async::LoopOptions().clock(clock));
    async::run(loop, serve());
    return until_;
  }

 private:
  async::Task<> serve() {
    engine::EventStream events;
    CountingLedger ledger;
    engine::Engine engine(ledger, events, [](const ledger::OneShotAdded&) { return nullptr; });
    async::Event enough;
    events.subscribe([&](const engine::Event& event) {
      tally_.take(event, async::Loop::current().wall_now());
      if (tally_.slots >= options_.most_slots) enough.set();
    });
    async::JoinHandle<void> serving = async::spawn(engine.serve(), async::SpawnOptions("engine"));
    co_await async::yield();
    engine.apply(catalog_);
    auto wait = [](async::Event& event) -> async::Task<> { co_await event.wait(); };
    co_await async::move_on_after(options_.to - options_.from, wait(enough));
    until_ = async::Loop::current().wall_now() + a_moment;
    tally_.close(until_);
    co_await engine.drain(time::Duration::zero());
    co_await std::move(serving).join();
  }

  const SimulateOptions& options_;
  std::shared_ptr<const engine::Catalog> catalog_;
  Tally& tally_;
  WallTime until_;
};

}  // namespace

Simulation simulate(const Config& config, SimulateOptions options) {
  if (!options.samples) options.samples = std::make_shared<const Samples>();
  const auto catalog = build(config, options);
  Simulation result{.from = options.from,
                    .to = options.to,
                    .until = options.to,
                    .samples = options.samples,
                    .tally = Tally(catalog),
                    .by_files = {}};
  for (const JobSpec& job : config.jobs) {
    if (job.trigger.watch && job.policies.run.enabled) result.by_files.push_back(job.name);
  }
  result.until = Run(options, catalog, result.tally).go();
  return result;
}

}  // namespace belfry::daemon
