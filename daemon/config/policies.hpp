// What `defaults` may set and every job has: where and how it runs, and how its runs are admitted and supervised.
//
// Plain values, and their readers.
#pragma once

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config/cgroup_reader.hpp"
#include "daemon/config/environment_reader.hpp"
#include "daemon/config/groups_reader.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/notify_rules.hpp"
#include "daemon/config/placement_reader.hpp"
#include "daemon/config/precondition_reader.hpp"
#include "daemon/config/sandbox_reader.hpp"
#include "daemon/config/schedule_policies.hpp"
#include "daemon/config/user_reader.hpp"
#include "engine/job.hpp"
#include "jobs/failure_signs.hpp"
#include "jobs/kill_mode.hpp"
#include "jobs/secrets.hpp"
#include "time/zone.hpp"

namespace belfry::daemon {

/// Of programs; file and native jobs use only the working directory.
struct ProcessPolicies {
  std::filesystem::path shell = "/bin/sh";
  std::filesystem::path working_dir;  ///< absolute
  std::map<std::string, std::string> environment;
  std::vector<jobs::EnvFile> env_files;
  std::vector<jobs::SecretSource> secrets;
  bool clear_environment = false;
  std::optional<UserDeclaration> user;
  std::optional<unsigned> umask;
  PlacementPolicy placement;
  SandboxPolicy sandbox;
  std::map<std::string, std::optional<std::uint64_t>> limits;  ///< by key of limits_section; nullopt: unlimited
  CgroupPolicy cgroup;
  jobs::KillMode kill_mode = jobs::KillMode::tree;
  int kill_signal = SIGTERM;
  time::Duration kill_grace = std::chrono::seconds{10};
  std::vector<int> success_exit_codes = {0};
  jobs::FailureSigns failure_signs;
  std::uint64_t output_max_bytes = std::uint64_t{64} << 10U;  ///< of each stream
  bool output_journal = false;
};

/// Of every job.
struct RunPolicies {
  bool enabled = true;
  std::optional<time::Zone> zone;  ///< none: the top-level timezone
  std::optional<time::Duration> timeout;
  engine::RetryPolicy retry;
  engine::Overlap overlap = engine::Overlap::forbid;
  int max_instances = 1;
  int queue_limit = 10;
  std::optional<engine::GroupUse> group;
  std::optional<PreconditionDeclaration> precondition;
  std::optional<engine::BreakerPolicy> breaker;
  bool only_if_last_succeeded = false;
  engine::Guarantee guarantee = engine::Guarantee::at_most_once;
  engine::OnMissed on_missed = engine::OnMissed::skip;
  int catchup_limit = 100;
  std::optional<time::Duration> starting_deadline;
  engine::SlaPolicy sla;
};

/// What the run policies refer to.
struct RunPolicyContext {
  const std::filesystem::path& folder;  ///< of the file
  const Groups& groups;
};

struct Policies {
  ProcessPolicies process;
  RunPolicies run;
  SchedulePolicies schedule;
  NotifyPolicies notify;
};

/// Changes what the map gives; complains about what is wrong and leaves it as it was. `folder` is the one of the file.
void read_process_policies(const MapReader& map, const std::filesystem::path& folder, ProcessPolicies& policies);
void read_run_policies(const MapReader& map, const RunPolicyContext& context, RunPolicies& policies);

/// Those of them that a step of a flow has, too: timeout and retries.
void read_attempt_policies(const MapReader& map, RunPolicies& policies);

/// The value of `sla`: a map, whose keys change `sla` one by one, or `none`.
void read_sla(const Value& value, engine::SlaPolicy& sla);

/// The value of `retries`: a number, or a map.
void read_retries(const Value& value, engine::RetryPolicy& retry);

}  // namespace belfry::daemon
