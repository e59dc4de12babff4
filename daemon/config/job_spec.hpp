// A job as the file declares it: checked, with all defaults filled in, not yet bound to anything that runs.
//
// Plain values. catalog_builder.hpp turns them into engine::Job.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/config/policies.hpp"
#include "daemon/config/source_text.hpp"
#include "time/trigger.hpp"

namespace belfry::daemon {

/// When it is due. The trigger of a job started by hand only is empty.
struct TriggerSpec {
  std::shared_ptr<const time::Trigger> trigger;
  std::string text;  ///< as written: "*/5 * * * *", "every 10s"
};

/// A program.
struct CommandSpec {
  std::vector<std::string> argv;  ///< run as it is; empty: `shell_text` is
  std::string shell_text;         ///< for the shell
  std::optional<std::string> standard_input;
};

/// Files; one of the operations of the `file` key with its parameters.
struct FileSpec {
  std::string operation;                          ///< "copy", "move", "delete", "rotate"
  std::map<std::string, std::string> parameters;  ///< as in the section of the operation, in canonical form
};

/// A function that is built in.
struct NativeSpec {
  std::string function;
  std::map<std::string, std::string> parameters;
};

using Action = std::variant<CommandSpec, FileSpec, NativeSpec>;

struct JobSpec {
  std::string name;
  Place place;  ///< of the name
  std::string description;
  TriggerSpec trigger;
  Action action;
  Policies policies;
  std::string timezone;  ///< the name of the zone in force
};

}  // namespace belfry::daemon
