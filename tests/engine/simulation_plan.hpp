// What a simulated life is about: its jobs with their policies, and how they were declared when. See
// simulation_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/simulation_bed.hpp"

namespace belfry::test {

struct Plan {
  explicit Plan(std::uint64_t number) : seed(number) {}

  std::uint64_t seed;
  Dice dice{seed};
  Machine machine;
  std::map<std::string, Job> jobs;
  std::map<std::string, int> versions;
  std::uint64_t generation = 0;
  /// Since when each job is declared how, in order: what was due can be computed from it.
  struct Declared {
    WallTime from;
    std::shared_ptr<const time::Trigger> trigger;  // none: not declared
  };
  std::map<std::string, std::vector<Declared>> history;
  std::map<std::string, WallTime> one_shots;  ///< those that were taken on, and when they are due
  std::vector<WallTime> kills;
  std::vector<WallTime> power_cuts;  ///< kills, too
  WallTime end;  ///< when the last daemon was told to end: what is due from then on is for a next one

  Job make(const std::string& name) {
    static constexpr std::array intervals{25min, 45min, 60min, 360min, 1440min};
    static constexpr std::array overlaps{engine::Overlap::forbid, engine::Overlap::allow, engine::Overlap::queue,
                                         engine::Overlap::replace, engine::Overlap::cancel_other};
    const Duration interval = intervals.at(static_cast<std::size_t>(dice.below(5)));
    const auto on_missed = static_cast<engine::OnMissed>(dice.below(3));
    const bool repeats = on_missed != engine::OnMissed::skip && dice.one_in(2);
    const auto guarantee = repeats ? engine::Guarantee::at_least_once : engine::Guarantee::at_most_once;
    Job made = job(name, std::make_shared<TickingTrigger>(every(interval), machine.clock, dice),
                   std::make_shared<Sleeper>(machine.world, dice, interval * (dice.one_in(3) ? 3 : 1), guarantee));
    made.guarantee = guarantee;
    made.on_missed = on_missed;
    made.overlap = overlaps.at(static_cast<std::size_t>(dice.below(5)));
    made.max_instances = 1 + dice.below(2);
    made.queue_limit = 1 + dice.below(4);
    made.catchup_limit = 1 + dice.below(5);
    if (dice.one_in(3))
      made.group = engine::GroupUse{.name = "g", .weight = 1 + dice.below(2), .priority = dice.below(3)};
    if (dice.one_in(4)) made.breaker = engine::BreakerPolicy{.failures = 2, .window = 24h, .cooldown = 3h};
    if (dice.one_in(4)) made.retry = {.limit = 2, .delay = 1min};
    if (dice.one_in(5)) made.timeout = interval;
    if (dice.one_in(5)) made.starting_deadline = interval * 2;
    made.fingerprint = name + " " + std::to_string(++versions[name]);
    return made;
  }

  static constexpr const char* followed = "job-0";
  static constexpr const char* follower = "follower";

  /// Due whenever job-0 has ended.
  Job make_follower() {
    Job made =
        job(follower, nullptr, std::make_shared<Sleeper>(machine.world, dice, 10min, engine::Guarantee::at_most_once));
    made.depends_on = {{.job = followed, .on = engine::DependencyEnd::done}};
    made.overlap = engine::Overlap::allow;
    made.max_instances = 100;
    return made;
  }

  /// The next time at which jobs may be due.
  static WallTime next_slot(WallTime now) {
    return WallTime(std::chrono::floor<std::chrono::minutes>(now.time_since_epoch()) / 5min * 5min + 5min);
  }

  std::shared_ptr<const engine::Catalog> catalog() {
    std::vector<Job> all;
    for (const auto& [name, job] : jobs) all.push_back(job);
    auto made = std::make_shared<engine::Catalog>(*test::catalog(std::move(all), ++generation));
    made->groups.emplace("g", engine::GroupPolicy{.limit = 2, .queue_limit = 3});
    made->catchup.starts_per_minute = 1 + dice.below(5);
    return made;
  }
};

}  // namespace belfry::test
