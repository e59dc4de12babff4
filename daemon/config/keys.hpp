// Every key of the configuration file: its name, type, default and meaning. The one list in the program.
//
// The readers refuse keys that are not here; docs/configuration.md and docs/scheduler.schema.json are compared with it
// by a test. Constant; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace belfry::daemon {

/// Where a key of a job may stand.
enum class KeyUse : std::uint8_t {
  anywhere,  ///< in a job, and in `defaults`
  job,       ///< in a job only
};

struct Key {
  std::string_view name;
  std::string_view type;      ///< as docs name it: "text", "duration", "true or false", "a map", ...
  std::string_view fallback;  ///< the default; empty: none
  std::string_view meaning;
  KeyUse use = KeyUse::anywhere;
};

/// The keys of one map of the file.
struct Section {
  std::string_view name;  ///< "top level", "job", "retries", ...: the heading in the documentation
  std::span<const Key> keys;
  bool secret = false;  ///< a secret may stand in it: what is behind a key that it does not have is not shown
};

extern const Section top_section;
extern const Section log_section;
extern const Section history_section;
extern const Section store_section;
extern const Section calendar_section;
extern const Section group_section;
extern const Section rate_section;
extern const Section catchup_section;
extern const Section job_section;  // without the kinds of actions: keys_of_jobs() (action_reader.hpp) adds them
extern const Section active_section;
extern const Section retries_section;
extern const Section group_use_section;
extern const Section precondition_section;
extern const Section free_disk_section;
extern const Section circuit_breaker_section;
extern const Section sla_section;
extern const Section limits_section;  // process_keys.cpp, and those below
extern const Section cgroup_section;
extern const Section output_section;
extern const Section stdin_section;
extern const Section env_file_section;
extern const Section ionice_section;
extern const Section sandbox_section;
extern const Section user_section;
extern const Section fails_when_section;
extern const Section job_secret_section;
extern const Section flow_section;  // flow_keys.cpp, and those below
extern const Section step_section;  // without what keys_of_steps() (action_reader.hpp) adds
extern const Section step_output_section;
extern const Section approval_section;
extern const Section channel_section;  // notify_keys.cpp, and those below
extern const Section webhook_section;
extern const Section mail_section;
extern const Section smtp_section;
extern const Section exec_section;
extern const Section secret_section;
extern const Section notify_section;
extern const Section ping_section;
extern const Section daemon_ping_section;
extern const Section tracing_section;  // tracing_keys.cpp
extern const Section watch_section;    // watch_keys.cpp

/// All of them. The keys of actions are declared in jobs/.
std::span<const Section* const> all_sections();

/// The keys of a job that a step of a flow has as well.
std::span<const std::string_view> keys_of_job_and_step();

const Key* find_key(const Section& section, std::string_view name) noexcept;

/// What to tell someone who wrote a key that `section` does not have: the name that it has here, if it is known from
/// another scheduler; that it is not supported yet; or the nearest key. Empty when nothing comes to mind. In
/// key_hints.cpp.
std::string hint_for_unknown_key(const Section& section, std::string_view name);

}  // namespace belfry::daemon
