// What a good file means: the settings, the jobs, their policies and fingerprints, and what the engine gets.
#include <catch2/catch.hpp>

#include "async/thread_pool.hpp"
#include "daemon/config/catalog_builder.hpp"
#include "daemon/config/flow_spec.hpp"
#include "daemon/config/load_config.hpp"
#include "good_file.hpp"

using namespace belfry::daemon;
using namespace std::chrono_literals;
using testing::job;
using testing::load;
namespace engine = belfry::engine;
namespace time_ = belfry::time;

namespace {

const CommandSpec& command(const JobSpec& job) { return std::get<CommandSpec>(job.action); }

}  // namespace

TEST_CASE("without keys the settings have their defaults") {
  const auto settings = load("jobs: {}\n").settings;
  CHECK(settings.state_dir == "/var/lib/belfry");
  CHECK(settings.socket.empty());
  REQUIRE(settings.metrics);
  CHECK(settings.metrics->text() == "127.0.0.1:9640");
  CHECK(settings.shutdown_timeout == 30s);
  CHECK(settings.threads == 4);
  CHECK(settings.history.keep_for == 24h * 90);
}

TEST_CASE("settings are read, and relative paths start at the folder of the file") {
  const auto settings = load(R"(version: 1
state_dir: state
socket: ../run/belfry.sock
metrics: "[::1]:8080"
log: {level: debug, format: json}
shutdown_timeout: 5
threads: 2
timezone: Asia/Tokyo
history: {keep_for: 7d, keep_runs: 10, keep_slots: 20, keep_outputs: 5, keep_output_size: 2M, keep_total_output_size: 3G}
jobs: {}
)")
                            .settings;
  CHECK(settings.state_dir == "/etc/belfry/state");
  CHECK(settings.socket == "/etc/run/belfry.sock");
  CHECK(settings.metrics->host == "[::1]");
  CHECK(settings.metrics->port == 8080);
  CHECK(settings.log_level == LogLevel::debug);
  CHECK(settings.log_format == LogFormat::json);
  CHECK(settings.shutdown_timeout == 5s);
  CHECK(settings.threads == 2);
  CHECK(settings.timezone.name() == "Asia/Tokyo");
  CHECK(settings.history.keep_for == 24h * 7);
  CHECK(settings.history.keep_runs == 10);
  CHECK(settings.history.keep_slots == 20);
  CHECK(settings.history.keep_outputs == 5);
  CHECK(settings.history.keep_output_size == 2 * 1024 * 1024);
  CHECK(settings.history.keep_total_output_size == std::uint64_t{3} << 30U);
  CHECK_FALSE(load("metrics: off\njobs: {}\n").settings.metrics);
}

TEST_CASE("jobs are a map by name or a list with names, in the order of the file") {
  const auto by_name = load("jobs:\n  b: {command: x}\n  a.1_x-y: {command: [x, 5, true]}\n");
  CHECK(by_name.jobs.at(0).name == "b");
  CHECK(by_name.jobs.at(1).name == "a.1_x-y");
  CHECK(std::get<std::vector<std::string>>(command(by_name.jobs[1]).command) ==
        std::vector<std::string>{"x", "5", "true"});
  const auto by_list = load("jobs:\n  - {name: b, command: x}\n  - {command: y, name: a}\n");
  CHECK(by_list.jobs.at(1).name == "a");
}

TEST_CASE("text is taken as written") {
  CHECK(std::get<std::string>(command(job("environment: {A: no, B: 010, C: 1.10, D: \"\"}")).command) == "x");
  const auto environment = job("environment: {A: no, B: 010, C: 1.10, D: \"\"}").policies.process.environment;
  CHECK(environment == std::map<std::string, std::string>{{"A", "no"}, {"B", "010"}, {"C", "1.10"}, {"D", ""}});
}

TEST_CASE("every key of a program is read") {
  const auto one =
      job("shell: /bin/bash, working_dir: sub/../work, clear_environment: true, stdin: hello, umask: 027, nice: -5, "
          "limits: {nofile: 64, core: 0, as: 1G, cpu: 90s, nproc: unlimited}, kill_signal: SIGINT, kill_grace: 0s, "
          "success_exit_codes: [0, 3], output: {max_bytes: 2K}, description: d");
  const auto& process = one.policies.process;
  CHECK(one.description == "d");
  CHECK(process.shell == "/bin/bash");
  CHECK(process.working_dir == "/etc/belfry/work");
  CHECK(process.clear_environment);
  CHECK(std::get<std::string>(command(one).standard_input) == "hello");
  CHECK(process.umask == 027U);
  CHECK(process.placement.nice == -5);
  CHECK(process.limits.at("nofile") == 64U);
  CHECK(process.limits.at("core") == 0U);
  CHECK(process.limits.at("as") == std::uint64_t{1} << 30U);
  CHECK(process.limits.at("cpu") == 90U);
  CHECK(process.limits.at("nproc") == std::nullopt);
  CHECK(process.kill_signal == SIGINT);
  CHECK(process.kill_grace == 0s);
  CHECK(process.success_exit_codes == std::vector{0, 3});
  CHECK(process.output_max_bytes == 2048);
}

TEST_CASE("the limits of a control group are read, key by key, and none takes them back") {
  const auto config = load(
      "defaults: {cgroup: {memory_max: 1G, tasks_max: 100}, kill_mode: mixed}\njobs:\n"
      "  a: {command: x, cgroup: {memory_max: unlimited, tasks_max: none, memory_high: 512M, memory_swap_max: 0, "
      "cpu_quota: 150%, cpu_weight: 20, io_weight: 5000}}\n"
      "  b: {command: x, cgroup: none, kill_mode: process}\n  c: {flow: [{id: s, command: x, cgroup: {tasks_max: "
      "7}}]}\n");
  const belfry::io::CgroupLimits wanted{.memory_max = belfry::io::CgroupLimits::infinity,
                                        .memory_high = std::uint64_t{512} << 20U,
                                        .memory_swap_max = 0,
                                        .cpu_quota = 150,
                                        .tasks_max = std::nullopt,
                                        .cpu_weight = 20,
                                        .io_weight = 5000};
  CHECK(config.jobs.at(0).policies.process.cgroup.limits == wanted);
  CHECK(config.jobs.at(0).policies.process.kill_mode == belfry::jobs::KillMode::mixed);
  CHECK(config.jobs.at(1).policies.process.cgroup.limits.empty());
  CHECK(config.jobs.at(1).policies.process.kill_mode == belfry::jobs::KillMode::process);
  const auto& step = std::get<std::shared_ptr<const FlowSpec>>(config.jobs.at(2).action)->steps.at(0).process;
  CHECK(step.cgroup.limits.tasks_max == 7U);
  CHECK(step.cgroup.limits.memory_max == std::uint64_t{1} << 30U);
  CHECK(step.kill_mode == belfry::jobs::KillMode::mixed);
  CHECK(fingerprint(job("cgroup: {tasks_max: 7}")) != fingerprint(job("cgroup: {tasks_max: 8}")));
  CHECK(fingerprint(job("kill_mode: group")) != fingerprint(job("kill_mode: process")));
  CHECK(fingerprint(job("kill_mode: tree, cgroup: none")) == fingerprint(job("nice: none")));
}

TEST_CASE("limits of disk traffic are read, path by path, and none takes them back") {
  const auto config = load(
      "defaults: {cgroup: {io_read_max: {/var: 10M, /: 1M}, io_write_iops_max: {/: 5}}}\njobs:\n"
      "  a: {command: x, cgroup: {io_read_max: {/var/: unlimited, /srv/../dev/sda: 4K}, io_write_max: {/: 2G}, "
      "io_read_iops_max: {/var/lib: 1000000000}, io_write_iops_max: none}}\n"
      "  b: {command: x, cgroup: {io_write_iops_max: none, io_read_max: none}}\n");
  using belfry::io::DiskLimits;
  const DiskLimits wanted{
      .read_max = {{"/", std::uint64_t{1} << 20U}, {"/dev/sda", 4096}, {"/var", DiskLimits::infinity}},
      .write_max = {{"/", std::uint64_t{2} << 30U}},
      .read_iops_max = {{"/var/lib", 1'000'000'000}}};
  CHECK(config.jobs.at(0).policies.process.cgroup.limits.disks == wanted);
  CHECK(config.jobs.at(1).policies.process.cgroup.limits.empty());
  const auto of = [](const std::string& key, const std::string& map) {
    return fingerprint(job("cgroup: {" + key + ": {" + map + "}}"));
  };
  for (const std::string key : {"io_read_max", "io_write_max", "io_read_iops_max", "io_write_iops_max"}) {
    CHECK(of(key, "/: 4096") != of(key, "/: 8192"));
  }
  CHECK(of("io_read_max", "/: 1M") != of("io_read_max", "/var: 1M"));
  CHECK(of("io_read_max", "/: 1M") != of("io_write_max", "/: 1M"));
  CHECK(of("io_read_iops_max", "/: 4096") != of("io_write_iops_max", "/: 4096"));
  CHECK(of("io_read_iops_max", "/: 4096") != of("io_read_max", "/: 4096"));
  CHECK(of("io_read_max", "/var: 1M") == of("io_read_max", "/var/: 1024K"));
}

TEST_CASE("signs of failure are read, key by key, and none takes them back") {
  const auto config = load(
      "defaults: {fails_when: {stderr: true, regex: ^E}}\njobs:\n  a: {command: x, fails_when: {stdout: true}}\n"
      "  b: {command: x, fails_when: none}\n  c: {flow: [{id: s, command: x, fails_when: {regex: F}}]}\n");
  const auto& signs = config.jobs.at(0).policies.process.failure_signs;
  CHECK(signs.standard_output);
  CHECK(signs.standard_error);
  CHECK(signs.pattern.value().text() == "^E");
  CHECK_FALSE(config.jobs.at(1).policies.process.failure_signs.any());
  const auto& step = std::get<std::shared_ptr<const FlowSpec>>(config.jobs.at(2).action)->steps.at(0).process;
  CHECK(step.failure_signs.standard_error);
  CHECK(step.failure_signs.pattern.value().text() == "F");
  CHECK(fingerprint(job("fails_when: {regex: a}")) != fingerprint(job("fails_when: {regex: b}")));
  CHECK(fingerprint(job("fails_when: {stdout: false}")) == fingerprint(job("nice: none")));
}

TEST_CASE("secrets are files or credentials, added to those of defaults, and none takes them back") {
  const auto config = load(
      "defaults: {secrets: {A: a, B: /x/b}}\njobs:\n"
      "  a: {command: x, secrets: {B: {credential: bee}, C: {file: c}}}\n  b: {command: x, secrets: none}\n");
  using Sources = std::vector<belfry::jobs::SecretSource>;
  const auto& process = config.jobs.at(0).policies.process;
  CHECK(process.secrets == Sources{{.variable = "A", .place = "/etc/belfry/a"},
                                   {.variable = "B", .place = "bee", .credential = true},
                                   {.variable = "C", .place = "/etc/belfry/c"}});
  CHECK(config.jobs.at(1).policies.process.secrets.empty());
  CHECK(fingerprint(job("secrets: {A: a}")) != fingerprint(job("secrets: {A: {credential: a}}")));
  CHECK(job("env_file: {file: a, secret: true}").policies.process.env_files.at(0).secret);
}

TEST_CASE("a user is a name, a number or a map, and none takes it back") {
  const auto account = [](const std::string& keys) { return job(keys).policies.process.user.value().account; };
  CHECK(account("user: postgres").user == "postgres");
  CHECK(account("user: 105").user == "105");
  const auto whole = account("user: {name: app, group: www-data, supplementary_groups: [adm, 12]}");
  CHECK(whole.user == "app");
  CHECK(whole.group == "www-data");
  CHECK(whole.supplementary_groups == std::vector<std::string>{"adm", "12"});
  const auto config = load("defaults: {user: app}\njobs: {a: {command: x}, b: {command: x, user: none}}\n");
  CHECK(config.jobs.at(0).policies.process.user->account.user == "app");
  CHECK_FALSE(config.jobs.at(1).policies.process.user);
}

TEST_CASE("variables are a map or a list, and files of them are added to those of defaults") {
  const auto config = load(
      "defaults: {environment: {A: 1, B: 2}, env_file: [base.env, -/x/local.env]}\njobs:\n"
      "  a: {command: x, environment: [B=3=4, C=], env_file: {file: a.env, optional: true}}\n"
      "  b: {command: x, env_file: none}\n");
  const auto& process = config.jobs.at(0).policies.process;
  CHECK(process.environment == std::map<std::string, std::string>{{"A", "1"}, {"B", "3=4"}, {"C", ""}});
  CHECK(process.env_files == std::vector<belfry::jobs::EnvFile>{{.path = "/etc/belfry/base.env"},
                                                                {.path = "/x/local.env", .optional = true},
                                                                {.path = "/etc/belfry/a.env", .optional = true}});
  CHECK(config.jobs.at(1).policies.process.env_files.empty());
}

TEST_CASE("a place and a sandbox are read, key by key, and none takes them back") {
  const auto config = load(
      "defaults: {nice: 5, ionice: {class: best_effort, level: 7}, cpu_affinity: \"0-2, 6\", oom_score_adj: -100, "
      "sandbox: {private_tmp: true, read_only: [/etc, x], drop_capabilities: [CAP_NET_RAW, chown]}}\njobs:\n"
      "  a: {command: x, ionice: idle, cpu_affinity: [3, 1-2, 2], sandbox: {private_tmp: false, network: false, "
      "no_new_privileges: true}}\n"
      "  b: {command: x, nice: none, ionice: none, cpu_affinity: none, oom_score_adj: none, sandbox: none}\n");
  const auto& a = config.jobs.at(0).policies.process;
  CHECK(a.placement.nice == 5);
  CHECK(a.placement.ionice.value().priority_class == 3);
  CHECK(a.placement.cpus == std::vector{1, 2, 3});
  CHECK(a.placement.oom_score_adj == -100);
  CHECK_FALSE(a.sandbox.view.private_tmp);
  CHECK_FALSE(a.sandbox.view.network);
  CHECK(a.sandbox.no_new_privileges);
  CHECK(a.sandbox.view.read_only == std::vector<std::string>{"/etc", "/etc/belfry/x"});
  CHECK(a.sandbox.drop_capabilities == std::vector<std::string>{"net_raw", "chown"});
  const auto& b = config.jobs.at(1).policies.process;
  CHECK_FALSE(b.placement.nice);
  CHECK_FALSE(b.placement.ionice);
  CHECK(b.placement.cpus.empty());
  CHECK_FALSE(b.placement.oom_score_adj);
  CHECK(b.sandbox.view.network);
  CHECK(b.sandbox.view.read_only.empty());
}

TEST_CASE("a script is text with an interpreter, or without one") {
  const auto script = [](const std::string& keys) {
    const auto config = load("jobs: {a: {" + keys + "}}\n");
    return std::get<belfry::jobs::Script>(std::get<CommandSpec>(config.jobs.at(0).action).command);
  };
  CHECK(script("script: \"a\\nb\"").text == "a\nb");
  CHECK(script("script: a").interpreter.empty());
  CHECK(script("script: a, interpreter: python3").interpreter == std::vector<std::string>{"python3"});
  CHECK(script("script: a, interpreter: [python3, -u]").interpreter == std::vector<std::string>{"python3", "-u"});
  const auto config = load("jobs: {a: {script: x, stdin: text, user: nobody}}\n");
  CHECK(std::get<std::string>(std::get<CommandSpec>(config.jobs.at(0).action).standard_input) == "text");
}

TEST_CASE("every policy is read") {
  const auto run =
      job("every: 1m, enabled: false, timeout: 1h30m, concurrency_policy: queue, queue_limit: 3, on_missed: run_once, "
          "starting_deadline: 90, retries: {limit: 5, delay: 1s, max_delay: 1m, backoff: 1.5, jitter: 0.25, "
          "on_timeout: false, on_exit_codes: [75, 3]}")
          .policies.run;
  CHECK_FALSE(run.enabled);
  CHECK(run.timeout == 90min);
  CHECK(run.overlap == engine::Overlap::queue);
  CHECK(run.queue_limit == 3);
  CHECK(run.on_missed == engine::OnMissed::run_once);
  CHECK(run.starting_deadline == 90s);
  CHECK(run.retry.limit == 5);
  CHECK(run.retry.delay == 1s);
  CHECK(run.retry.max_delay == 1min);
  CHECK(run.retry.backoff == 1.5);
  CHECK(run.retry.jitter == 0.25);
  CHECK_FALSE(run.retry.on_timeout);
  CHECK(run.retry.on_exit_codes == std::vector{75, 3});
  CHECK(job("retries: 2").policies.run.retry.limit == 2);
  CHECK(job("retries: {delay: 10m}").policies.run.retry.max_delay == 10min);
}

TEST_CASE("defaults hold unless a job sets the key; none takes one away; environment is merged") {
  const std::string top =
      "defaults: {timeout: 1h, retries: {limit: 2, delay: 1s}, environment: {A: 1, B: 2}, timezone: Asia/Tokyo}\n";
  const auto plain = job("every: 1m", top).policies;
  CHECK(plain.run.timeout == 1h);
  CHECK(plain.run.retry.delay == 1s);
  CHECK(job("timeout: none", top).policies.run.timeout == std::nullopt);
  CHECK(job("timeout: 5s", top).policies.run.timeout == 5s);
  CHECK(job("environment: {B: 3, C: 4}", top).policies.process.environment ==
        std::map<std::string, std::string>{{"A", "1"}, {"B", "3"}, {"C", "4"}});
  CHECK(job("every: 1m", top).timezone == "Asia/Tokyo");
  CHECK(job("timezone: UTC", top).timezone == "UTC");
}

TEST_CASE("anchors, aliases and merge keys give what they would give written out") {
  const auto config = load(R"(x-base: &base {timeout: 5s, environment: &env {A: 1}}
x-other: &other {timeout: 9s, nice: 3}
jobs:
  a: {<<: *base, command: x}
  b: {<<: [*base, *other], command: x, timeout: 7s}
  c: {command: x, environment: *env}
)");
  CHECK(config.jobs.at(0).policies.run.timeout == 5s);
  CHECK(config.jobs.at(1).policies.run.timeout == 7s);
  CHECK(config.jobs.at(1).policies.process.placement.nice == 3);
  CHECK(config.jobs.at(2).policies.process.environment.at("A") == "1");
}

TEST_CASE("triggers fire when their keys say") {
  const time_::WallTime zero{};
  const auto next = [&](const std::string& keys, LoadOptions options = {}) {
    const auto config = load("timezone: UTC\njobs: {a: {command: x, " + keys + "}}\n", options);
    return config.jobs.at(0).trigger.trigger->next(zero + 1s);
  };
  CHECK(next("schedule: \"*/5 * * * *\"") == zero + 5min);
  CHECK(next("schedule: \"30 * * * * *\"") == zero + 30s);
  CHECK(next("schedule: \"0 1 * * *\", timezone: Africa/Lagos") == zero + 24h);
  CHECK(next("every: 10s") == zero + 10s);
  CHECK(next("at: 1970-01-01 02:00") == zero + 2h);
  CHECK(next("after: 1m", {.actions = nullptr, .started = zero + 10s}) == zero + 70s);
  CHECK(load("jobs: {a: {command: x}}\n").jobs.at(0).trigger.trigger == nullptr);
  CHECK(load("jobs: {a: {command: x, every: 10s}}\n").jobs.at(0).trigger.text == "every 10s");
}

TEST_CASE("a fingerprint changes with the declaration, and with nothing else") {
  const auto of = [](const std::string& text) { return fingerprint(load(text).jobs.at(0)); };
  const auto base = of("jobs: {a: {every: 1m, command: x, timeout: 5s}}\n");
  CHECK(base.size() == 16);
  CHECK(of("# note\ndefaults: {timeout: 5s}\njobs:\n  a:\n    command: x\n    every: 1m\n") == base);
  CHECK(of("jobs: {a: {every: 1m, command: x, timeout: 5000ms}, b: {command: y}}\n") == base);
  CHECK(of("jobs: {a: {every: 1m, command: [x], timeout: 5s}}\n") != base);
  CHECK(of("jobs: {a: {every: 2m, command: x, timeout: 5s}}\n") != base);
  CHECK(of("jobs: {a: {every: 1m, command: x, timeout: 6s}}\n") != base);
  CHECK(of("jobs: {b: {every: 1m, command: x, timeout: 5s}}\n") != base);
  CHECK(of("jobs: {a: {every: 1m, command: x, timeout: 5s, environment: {A: b}}}\n") != base);
  CHECK(of("jobs: {a: {every: 1m, command: x, timeout: 5s, user: b}}\n") != base);
  for (const std::string key :
       {"env_file: x", "ionice: idle", "cpu_affinity: 1", "oom_score_adj: 1", "sandbox: {private_tmp: true}",
        "sandbox: {network: false}", "sandbox: {no_new_privileges: true}", "sandbox: {read_only: /etc}",
        "sandbox: {drop_capabilities: all}"}) {
    INFO(key);
    CHECK(of("jobs: {a: {every: 1m, command: x, timeout: 5s, " + key + "}}\n") != base);
  }
  CHECK(of("jobs: {a: {every: 1m, script: x, timeout: 5s}}\n") != base);
  CHECK(of("jobs: {a: {every: 1m, script: x}}\n") != of("jobs: {a: {every: 1m, script: x, interpreter: sh}}\n"));
  CHECK(of("jobs: {a: {every: 1m, command: x, timeout: 5s, user: none}}\n") == base);
  CHECK(of("timezone: Asia/Tokyo\njobs: {a: {every: 1m, command: x, timeout: 5s}}\n") !=
        of("timezone: UTC\njobs: {a: {every: 1m, command: x, timeout: 5s}}\n"));
}

TEST_CASE("the catalog has a job with an action of its kind for each declaration") {
  const auto config = load(R"(jobs:
  program: {every: 1m, command: [echo, hi], umask: 0077, description: says hi}
  cleaner: {file: {delete: {paths: "old/*.log", min_age: 1d}}}
  sums: {native: {function: checksum, paths: ["*.txt", /var/x], output: sums}, working_dir: work}
)");
  belfry::async::ThreadPool pool(belfry::async::ThreadPoolOptions("test").threads(1));
  const auto catalog = build_catalog(config, {.pool = &pool, .state_dir = "/tmp/state", .generation = 7});
  CHECK(catalog->generation == 7);
  REQUIRE(catalog->jobs.size() == 3);
  const auto& program = *catalog->jobs.at("program");
  CHECK(program.action->kind() == "exec");
  CHECK(program.description == "says hi");
  CHECK(program.schedule_text == "every 1m");
  CHECK(program.fingerprint == fingerprint(config.jobs.at(0)));
  CHECK(catalog->jobs.at("cleaner")->action->kind() == "file");
  CHECK(catalog->jobs.at("sums")->action->kind() == "native");
  CHECK(std::get<belfry::jobs::ActionDeclaration>(config.jobs.at(2).action).parameters.at("paths") ==
        "/etc/belfry/work/*.txt\n/var/x");
}

TEST_CASE("an address of metrics has a host and a port") {
  CHECK(parse_metrics_address("0.0.0.0:1")->port == 1);
  CHECK(parse_metrics_address("localhost:0")->host == "localhost");
  CHECK(parse_metrics_address("[fe80::1]:9640")->text() == "[fe80::1]:9640");
  for (const auto* wrong :
       {"", ":", "a", ":80", "a:", "a:b", "a:65536", "a:-1", "::1:80", "[]:80", "a b:80", "a:80 "}) {
    INFO(wrong);
    CHECK_FALSE(parse_metrics_address(wrong));
  }
}
