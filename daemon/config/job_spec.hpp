// A job as the file declares it: checked, with all defaults filled in, not yet bound to anything that runs.
//
// Plain values. catalog_builder.hpp turns them into engine::Job.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/config/dependencies_reader.hpp"
#include "daemon/config/policies.hpp"
#include "daemon/config/source_text.hpp"
#include "engine/watch.hpp"
#include "jobs/action_kind.hpp"
#include "jobs/approval.hpp"
#include "jobs/exec.hpp"
#include "time/trigger.hpp"
#include "time/zone.hpp"

namespace belfry::daemon {

/// One expression of `schedule` or `all_of`.
struct SchedulePart {
  std::string text;
  Place place;
  std::shared_ptr<const time::Trigger> trigger;  ///< as the text alone says: the other keys left aside
};

/// When it is due. A job that is started by hand only has neither trigger nor watch.
struct TriggerSpec {
  std::shared_ptr<const time::Trigger> trigger;
  std::shared_ptr<const engine::Watch> watch;
  std::string text;     ///< as written: "*/5 * * * *", "every 10s"
  std::string details;  ///< the other keys that change when it is due, a line for each; empty: none is given
  std::vector<SchedulePart> parts;  ///< of `schedule` and `all_of`
  std::optional<time::Zone> zone;   ///< when the expression names one
};

/// A file to be the standard input of a program.
struct InputFile {
  std::filesystem::path path;  ///< absolute
};

/// A program.
struct CommandSpec {
  /// Text for the shell, a list to be run as it is, or a text for an interpreter.
  std::variant<std::string, std::vector<std::string>, jobs::Script> command;
  std::variant<std::monostate, std::string, InputFile> standard_input;
};

/// A person who is asked; only as a step of a flow.
struct ApprovalDeclaration {
  std::string message;
  std::optional<jobs::ApprovalTimeout> on_timeout{};  ///< none: it fails
};

struct FlowSpec;  // flow_spec.hpp

using Action = std::variant<CommandSpec, jobs::ActionDeclaration, std::shared_ptr<const FlowSpec>, ApprovalDeclaration>;

struct JobSpec {
  std::string name;
  Place place;  ///< of the name
  std::string description;
  TriggerSpec trigger;
  std::vector<DependencySpec> depends_on;
  Action action;
  Policies policies;
  std::optional<Place> catchup_limit_place;      ///< of the value, when the job itself gives one
  std::string timezone;                          ///< the name of the zone in force
  std::shared_ptr<const time::DaySet> days_off;  ///< of its calendars of holidays; may be null
};

}  // namespace belfry::daemon
