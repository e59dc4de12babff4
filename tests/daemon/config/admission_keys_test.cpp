// What the keys of admission mean: groups, dependencies, preconditions, circuit breakers, guarantees, the catch-up.
#include <catch2/catch.hpp>
#include <set>

#include "async/thread_pool.hpp"
#include "daemon/config/catalog_builder.hpp"
#include "good_file.hpp"

using namespace belfry::daemon;
using namespace std::chrono_literals;
using testing::job;
using testing::load;
namespace engine = belfry::engine;

TEST_CASE("every policy of admission is read") {
  const std::string top = "groups: {db: {max_concurrency: 4}}\n";
  const auto run = job("every: 1m, concurrency_policy: cancel_other, max_instances: 3, group: {name: db, weight: 4, "
                       "priority: -5}, circuit_breaker: {failures: 7, ratio: 0.5, window: 2h, cooldown: 5m}, "
                       "only_if_last_succeeded: true, guarantee: at_least_once, on_missed: run_all, catchup_limit: 9, "
                       "retries: {on: [failure, killed], on_exit_codes: [75]}",
                       top)
                       .policies.run;
  CHECK(run.overlap == engine::Overlap::cancel_other);
  CHECK(run.max_instances == 3);
  REQUIRE(run.group);
  CHECK(run.group->name == "db");
  CHECK(run.group->weight == 4);
  CHECK(run.group->priority == -5);
  REQUIRE(run.breaker);
  CHECK(run.breaker->failures == 7);
  CHECK(run.breaker->ratio == 0.5);
  CHECK(run.breaker->window == 2h);
  CHECK(run.breaker->cooldown == 5min);
  CHECK(run.only_if_last_succeeded);
  CHECK(run.guarantee == engine::Guarantee::at_least_once);
  CHECK(run.on_missed == engine::OnMissed::run_all);
  CHECK(run.catchup_limit == 9);
  CHECK(run.retry.on == std::vector{belfry::ledger::Outcome::failure, belfry::ledger::Outcome::killed});
  CHECK(job("concurrency_policy: replace").policies.run.overlap == engine::Overlap::replace);
  CHECK(job("group: db", top).policies.run.group->weight == 1);
  CHECK(job("circuit_breaker: {}").policies.run.breaker->failures == 5);
}

TEST_CASE("without keys the policies of admission are those of the engine's jobs") {
  const auto run = job("every: 1m").policies.run;
  const engine::Job plain;
  CHECK(run.max_instances == plain.max_instances);
  CHECK(run.catchup_limit == plain.catchup_limit);
  CHECK(run.guarantee == plain.guarantee);
  CHECK(run.on_missed == plain.on_missed);
  CHECK_FALSE(run.group);
  CHECK_FALSE(run.breaker);
  CHECK_FALSE(run.precondition);
  CHECK_FALSE(run.only_if_last_succeeded);
}

TEST_CASE("a precondition is read, relative paths from the folder of the file") {
  const auto one =
      job("precondition: {command: [test, -e, ready], timeout: 5s, load_below: 4, load_per_cpu_below: 0.8, "
          "free_disk: {path: data, at_least: 1G}, free_memory: 512M}, working_dir: work");
  const auto& precondition = one.policies.run.precondition;
  REQUIRE(precondition);
  CHECK(std::get<std::vector<std::string>>(*precondition->command) == std::vector<std::string>{"test", "-e", "ready"});
  CHECK(precondition->timeout == 5s);
  CHECK(precondition->load_below == 4);
  CHECK(precondition->load_per_cpu_below == 0.8);
  CHECK(precondition->free_disk->path == "/etc/belfry/data");
  CHECK(precondition->free_disk->at_least == std::uint64_t{1} << 30U);
  CHECK(precondition->free_memory == std::uint64_t{512} << 20U);
  CHECK(job("precondition: {free_memory: 1}").policies.run.precondition->timeout == 30s);
  // Its command has a shell and an environment, whatever the job itself does.
  load("jobs: {a: {file: {delete: {paths: x}}, shell: /bin/bash, environment: {A: b}, precondition: {command: x}}}\n");
}

TEST_CASE("depends_on is a name, a list or a map") {
  const auto of = [](const std::string& value) {
    const auto config = load("jobs: {x: {command: x}, y: {command: x}, z: {command: x, depends_on: " + value + "}}\n");
    std::string text;
    for (const auto& spec : config.jobs.at(2).depends_on) {
      text += spec.dependency.job + ":" + std::string(to_string(spec.dependency.on)) + " ";
    }
    return text;
  };
  CHECK(of("x") == "x:success ");
  CHECK(of("[y, x]") == "y:success x:success ");
  CHECK(of("{x: failure, y: done}") == "x:failure y:done ");
}

TEST_CASE("groups and the pace of the catch-up are read") {
  const auto config = load(R"(groups:
  db: {max_concurrency: 2, on_full: skip}
  api: {rate: 10/1m, queue_limit: 5}
  web: {max_concurrency: 8, rate: {count: 3, per: 1h30m, burst: 4}}
catchup: {starts_per_minute: 7}
jobs: {}
)");
  const auto& db = config.groups.at("db").policy;
  CHECK(db.limit == 2);
  CHECK(db.on_full == engine::OnFull::skip);
  CHECK(db.queue_limit == 100);
  CHECK_FALSE(db.rate);
  const auto& api = config.groups.at("api").policy;
  CHECK_FALSE(api.limit);
  CHECK(api.on_full == engine::OnFull::queue);
  CHECK(api.queue_limit == 5);
  CHECK(api.rate == engine::RatePolicy{.count = 10, .per = 1min, .burst = 1});
  CHECK(config.groups.at("web").policy.rate == engine::RatePolicy{.count = 3, .per = 90min, .burst = 4});
  CHECK(config.catchup.starts_per_minute == 7);
  CHECK(load("jobs: {}\n").catchup.starts_per_minute == engine::CatchupPolicy{}.starts_per_minute);
}

TEST_CASE("none takes away the group, the precondition and the circuit breaker of defaults") {
  const std::string top =
      "groups: {db: {max_concurrency: 4}}\n"
      "defaults: {group: db, precondition: {load_below: 1}, circuit_breaker: {failures: 3}}\n";
  const auto plain = job("every: 1m", top).policies.run;
  CHECK(plain.group->name == "db");
  CHECK(plain.precondition->load_below == 1);
  CHECK(plain.breaker->failures == 3);
  const auto without = job("every: 1m, group: none, precondition: none, circuit_breaker: none", top).policies.run;
  CHECK_FALSE(without.group);
  CHECK_FALSE(without.precondition);
  CHECK_FALSE(without.breaker);
}

TEST_CASE("a fingerprint covers every policy, and is as before for a job that uses none of the newer ones") {
  const std::string top =
      "timezone: UTC\ngroups: {db: {max_concurrency: 4}, web: {rate: 1/1m}}\ndefaults: {working_dir: /}\n";
  const auto of = [&top](const std::string& keys) {
    return fingerprint(
        load(top + "jobs: {a: {command: x, every: 1m" + keys + "}, b: {command: x}, c: {command: x}}\n").jobs.at(0));
  };
  CHECK(of("") == "83e650735ca37744");  // as in the versions that knew none of these keys
  const std::vector<std::string> different{
      "",
      ", max_instances: 2",
      ", concurrency_policy: replace",
      ", concurrency_policy: cancel_other",
      ", group: db",
      ", group: web",
      ", group: {name: db, weight: 2}",
      ", group: {name: db, priority: 2}",
      ", depends_on: b",
      ", depends_on: c",
      ", depends_on: [b, c]",
      ", depends_on: {b: done}",
      ", precondition: {command: x}",
      ", precondition: {command: [x]}",
      ", precondition: {command: x, timeout: 5s}",
      ", precondition: {load_below: 1}",
      ", precondition: {load_per_cpu_below: 1}",
      ", precondition: {free_disk: {path: /, at_least: 1K}}",
      ", precondition: {free_disk: {path: /, at_least: 2K}}",
      ", precondition: {free_disk: {path: /x, at_least: 1K}}",
      ", precondition: {free_memory: 1K}",
      ", circuit_breaker: {}",
      ", circuit_breaker: {failures: 4}",
      ", circuit_breaker: {ratio: 0.5}",
      ", circuit_breaker: {window: 5s}",
      ", circuit_breaker: {cooldown: 5s}",
      ", only_if_last_succeeded: true",
      ", on_missed: run_once",
      ", on_missed: run_all",
      ", on_missed: run_once, guarantee: at_least_once",
      ", catchup_limit: 5",
      ", retries: {on: [failure]}",
      ", retries: {on: [killed]}",
      ", retries: 3",
  };
  std::set<std::string> fingerprints;
  for (const std::string& keys : different) {
    INFO(keys);
    CHECK(fingerprints.insert(of(keys)).second);
  }
  CHECK(of(", max_instances: 1, guarantee: at_most_once, catchup_limit: 100, circuit_breaker: none") == of(""));
  CHECK(of(", depends_on: [b]") == of(", depends_on: {b: success}"));
}

TEST_CASE("the catalog has the policies of each job, the groups and the pace") {
  const auto config = load(R"(groups: {db: {max_concurrency: 2}}
catchup: {starts_per_minute: 7}
jobs:
  a:
    every: 1m
    command: x
    concurrency_policy: replace
    max_instances: 3
    group: {name: db, weight: 2}
    precondition: {command: "exit 0"}
    circuit_breaker: {failures: 7}
    only_if_last_succeeded: true
    guarantee: at_least_once
    on_missed: run_all
    catchup_limit: 9
  b: {command: x, depends_on: {a: done}}
)");
  belfry::async::ThreadPool pool(belfry::async::ThreadPoolOptions("test").threads(1));
  const auto catalog = build_catalog(config, {.pool = &pool, .state_dir = {}});
  const auto& a = *catalog->jobs.at("a");
  CHECK(a.overlap == engine::Overlap::replace);
  CHECK(a.max_instances == 3);
  CHECK(a.group->weight == 2);
  CHECK(a.precondition != nullptr);
  CHECK(a.breaker->failures == 7);
  CHECK(a.only_if_last_succeeded);
  CHECK(a.guarantee == engine::Guarantee::at_least_once);
  CHECK(a.on_missed == engine::OnMissed::run_all);
  CHECK(a.catchup_limit == 9);
  const auto& b = *catalog->jobs.at("b");
  CHECK(b.depends_on == std::vector<engine::Dependency>{{.job = "a", .on = engine::DependencyEnd::done}});
  CHECK(b.precondition == nullptr);
  CHECK(catalog->groups.at("db").limit == 2);
  CHECK(catalog->catchup.starts_per_minute == 7);
  CHECK(build_timetable(config)->jobs.at("a")->precondition == nullptr);
}
