// Randomised lives of a daemon: jobs with all policies, failures, reloads, pauses, steps of the clock, suspends, kills
// and power cuts, in virtual time. After each the promises are checked from the outside: every due slot has exactly one
// entry, no run is without an end, at_most_once never starts twice, forbid never overlaps.
//
// A failing seed is printed; BELFRY_SIMULATION_SEED=N runs that one alone.

#include <catch2/catch.hpp>
#include <cstdlib>

#include "engine/simulation_checks.hpp"

using namespace belfry;
using namespace belfry::test;
using engine::Guarantee;

namespace {

constexpr Duration span_of_life = 5 * 24h;
constexpr int lives = 6;  // of the daemon, for each seed

ledger::SqliteOptions keep_all() {
  ledger::SqliteOptions options;
  options.durability = ledger::Durability::normal;
  options.retention.keep_runs = options.retention.keep_slots = 100'000;
  options.retention.keep_for = 10'000 * 24h;
  return options;
}

/// One daemon, from its start to its end by whatever means.
class Life {
 public:
  Life(Plan& plan, bool last)
      : plan_(plan),
        last_(last),
        store_(ledger::SqliteLedger::open(plan.machine.ledger_path(), keep_all())),
        live_(ledger::LiveRuns::open(plan.machine.ledger_path(),
                                     {.folder = plan.machine.folder.path(), .boot = plan.machine.boot})),
        ledger_(*store_, static_cast<std::size_t>(plan.dice.below(12))),
        engine_(
            ledger_, events_,
            [&plan](const ledger::OneShotAdded& request) {
              Job made = job(request.name, std::make_shared<time::AtTrigger>(request.due),
                             std::make_shared<Sleeper>(plan.machine.world, plan.dice, 1h, Guarantee::at_least_once));
              return std::make_shared<const Job>(std::move(made));
            },
            live_.get()) {
    Sleeper::killed = &killed_;
    events_.subscribe([this](const engine::Event& event) {
      if (std::holds_alternative<engine::SlotUnaccounted>(event) && !killed_) ++unaccounted_;
    });
  }

  void live() {
    async::Loop loop(async::LoopOptions().clock(plan_.machine.clock).shuffle_seed(plan_.seed));
    async::run(loop, main());
    loop.close();
    CHECK(unaccounted_ == 0);
    if (killed_) put_table_back();
  }

 private:
  async::Task<> main() {
    auto past =
        std::make_shared<engine::Past>(engine::read_past(*store_->open_reader(), live_->left(), live_->is_whole()));
    engine_.resume(std::move(past));
    const bool short_life = !last_ && plan_.dice.one_in(3);
    if (short_life && plan_.dice.one_in(2)) {  // before it has a configuration
      co_await be_killed();
      co_return;
    }
    ledger_.write(ledger::DaemonMark{.what = ledger::DaemonMark::What::started, .at = now()});
    ledger_.deliver_all();
    async::JoinHandle<void> serving = async::spawn(engine_.serve(), async::SpawnOptions("engine"));
    while (!engine_.serving()) co_await async::yield();
    reload();
    if (short_life) {  // while it settles what was missed, or as soon as something has started
      const Duration to_slot = plan_.dice.one_in(2) ? Plan::next_slot(now()) - now() : Duration{0};
      co_await async::sleep(to_slot + plan_.dice.span(2ms));
      co_await be_killed(&serving);
      co_return;
    }
    const std::int64_t ends = async::Loop::current().now_ns() + plan_.dice.span(span_of_life).count();
    while (async::Loop::current().now_ns() < ends) {
      co_await async::sleep(plan_.dice.span(6h));
      disturb();
    }
    if (plan_.dice.one_in(3)) {  // the end comes when a slot is claimed and not yet due
      co_await async::sleep(std::max(Plan::next_slot(now()) - now() - plan_.dice.span(900ms), Duration{0}));
    }
    if (last_ || plan_.dice.one_in(3)) {
      co_await async::sleep(1s);  // a step of the clock is seen
      plan_.end = now();
      co_await engine_.drain(plan_.dice.span(2h));
      co_await std::move(serving).join();
      ledger_.deliver_all();
      ledger_.write(ledger::DaemonMark{.what = ledger::DaemonMark::What::stopped, .at = now()});
      ledger_.deliver_all();
      co_await ledger::flush(ledger_);
      co_return;
    }
    co_await be_killed(&serving);
  }

  /// By a signal, or with the machine.
  async::Task<> be_killed(async::JoinHandle<void>* serving = nullptr) {
    if (plan_.dice.one_in(2)) ledger_.deliver_some(plan_.dice);
    ledger_.die();
    killed_ = true;
    plan_.kills.push_back(now());
    keep_table();
    if (plan_.dice.one_in(2)) cut_power();
    if (serving == nullptr) co_return;
    serving->cancel(async::CancelReason::shutdown);
    try {
      co_await std::move(*serving).join();
    } catch (const async::Cancelled&) {
    }
  }

  /// What people and machines do to a daemon.
  void disturb() {
    Dice& dice = plan_.dice;
    const std::string name = "job-" + std::to_string(dice.below(6));
    switch (dice.below(14)) {
      case 0:
        plan_.jobs[name] = plan_.make(name);
        return reload();
      case 1:
        if (name != Plan::followed) plan_.jobs.erase(name);
        return reload();
      case 2:
        return reload();
      case 3:
        static_cast<void>(
            engine_.pause(name, "", "sim", dice.one_in(2) ? std::optional(now() + dice.span(24h) + 1s) : std::nullopt));
        return;
      case 4:
        static_cast<void>(engine_.resume_job(name, "sim"));
        return;
      case 5:
        plan_.machine.clock.suspend(dice.span(12h));
        return;
      case 6:
        plan_.machine.clock.advance_wall(dice.span(3h));
        return;
      case 7:
        static_cast<void>(engine_.run_now(name));
        return;
      case 8:
        static_cast<void>(engine_.cancel_job(name, "sim"));
        return;
      case 9:
        static_cast<void>(engine_.catchup_run(name));
        return;
      case 10:
        static_cast<void>(engine_.catchup_skip(name));
        return;
      case 11:
        return add_one_shot();
      default:
        return;
    }
  }

  void add_one_shot() {
    const WallTime due = now() + plan_.dice.span(12h);
    const auto name = engine_.add_one_shot({.name = "one-shot-" + std::to_string(plan_.one_shots.size()),
                                            .due = due,
                                            .argv = {"true"},
                                            .working_dir = {},
                                            .environment = {},
                                            .by = "sim",
                                            .at = now()});
    if (!name) return;
    ledger_.deliver_all();  // who asked has an answer when it is durable
    plan_.one_shots.emplace(*name, due);
  }

  void reload() {
    const auto catalog = plan_.catalog();
    const bool first = engine_.catalog() == nullptr;
    engine_.apply(catalog);
    bool news = false;
    for (int i = 0; i < 6; ++i) {
      const std::string name = "job-" + std::to_string(i);
      const auto found = catalog->jobs.find(name);
      auto& history = plan_.history[name];
      const auto trigger = found == catalog->jobs.end() ? nullptr : found->second->trigger;
      if (history.empty() ? trigger == nullptr : history.back().trigger == trigger) continue;
      history.push_back({.from = now(), .trigger = trigger});
      news = true;
    }
    // Since when a job is declared how is durable some milliseconds later.
    if (news || !first || plan_.dice.one_in(2)) ledger_.deliver_all();
  }

  static WallTime now() { return async::Loop::current().wall_now(); }

  void keep_table() {
    std::ifstream table(live_->path(), std::ios::binary);
    table_.assign(std::istreambuf_iterator<char>(table), {});
  }
  void put_table_back() {
    const auto path = live_->path();
    live_.reset();
    std::ofstream(path, std::ios::binary).write(table_.data(), static_cast<std::streamsize>(table_.size()));
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  void cut_power() {
    plan_.power_cuts.push_back(now());
    plan_.machine.world.power_off(async::Loop::current().now_ns());
    plan_.machine.boot = "boot " + std::to_string(++plan_.machine.boots);
  }

  Plan& plan_;
  bool last_;
  std::unique_ptr<ledger::SqliteLedger> store_;
  std::unique_ptr<ledger::LiveRuns> live_;
  LaggingLedger ledger_;
  engine::EventStream events_;
  engine::Engine engine_;
  std::string table_;
  std::uint64_t unaccounted_ = 0;
  bool killed_ = false;
};

void check(Plan& plan) {
  const auto store = ledger::SqliteLedger::open(plan.machine.ledger_path(), keep_all());
  const auto reader = store->open_reader();
  std::vector<ledger::SlotClosed> slots;
  std::vector<ledger::RunRow> runs;
  for (const auto& [name, history] : plan.history) {
    const auto some_slots = reader->slots({.job = name, .limit = 10'000});
    const auto some_runs = reader->runs({.job = name, .limit = 10'000});
    REQUIRE(some_slots.size() + some_runs.size() < 10'000);
    slots.insert(slots.end(), some_slots.begin(), some_slots.end());
    runs.insert(runs.end(), some_runs.begin(), some_runs.end());
  }
  check_slots(plan, slots, plan.end);
  const auto followers = reader->runs({.job = Plan::follower, .limit = 10'000});
  runs.insert(runs.end(), followers.begin(), followers.end());
  check_followers(plan, reader->slots({.job = Plan::follower, .limit = 10'000}), runs);
  check_one_shots(plan, *reader);
  for (const ledger::RunRow& run : runs) {
    INFO("run " << run.run << " of " << run.job);
    CHECK(run.outcome.has_value());
  }
  check_programs(plan);
  check_repeats(plan, runs);
  CHECK(store->stats().refused == 0);
  CHECK(reader->resume().unfinished.empty());
}

void simulate(std::uint64_t seed) {
  INFO("to replay this life: BELFRY_SIMULATION_SEED=" << seed);
  Plan plan(seed);
  for (int i = 0; i < 4; ++i) {
    const std::string name = "job-" + std::to_string(i);
    plan.jobs[name] = plan.make(name);
  }
  plan.jobs[Plan::follower] = plan.make_follower();
  for (int life = 1; life <= lives; ++life) {
    Life(plan, life == lives).live();
    if (life == lives) break;
    async::ManualClock& clock = plan.machine.clock;
    if (plan.dice.one_in(3)) {
      clock.advance(std::max(Plan::next_slot(clock.wall_now()) - clock.wall_now() - plan.dice.span(4ms), Duration{0}));
    } else {
      clock.advance(plan.dice.span(24h));
    }
  }
  check(plan);
}

/// The sanitizers are ten times slower.
constexpr std::uint64_t seeds_each =
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    12;
#else
    250;
#endif
#else
    250;
#endif

void simulate_many(std::uint64_t first) {
  if (const char* wanted = std::getenv("BELFRY_SIMULATION_SEED")) return simulate(std::strtoull(wanted, nullptr, 10));
  for (std::uint64_t seed = first; seed < first + seeds_each; ++seed) simulate(seed);
}

}  // namespace

// 2,000 lives of some 13 days: more than seventy years.
TEST_CASE("every slot is accounted for in any life of a daemon, part 1", "[simulation]") { simulate_many(1000); }
TEST_CASE("every slot is accounted for in any life of a daemon, part 2", "[simulation]") { simulate_many(2000); }
TEST_CASE("every slot is accounted for in any life of a daemon, part 3", "[simulation]") { simulate_many(3000); }
TEST_CASE("every slot is accounted for in any life of a daemon, part 4", "[simulation]") { simulate_many(4000); }
TEST_CASE("every slot is accounted for in any life of a daemon, part 5", "[simulation]") { simulate_many(5000); }
TEST_CASE("every slot is accounted for in any life of a daemon, part 6", "[simulation]") { simulate_many(6000); }
TEST_CASE("every slot is accounted for in any life of a daemon, part 7", "[simulation]") { simulate_many(7000); }
TEST_CASE("every slot is accounted for in any life of a daemon, part 8", "[simulation]") { simulate_many(8000); }
