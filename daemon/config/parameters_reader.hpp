// The actions that jobs/ declares: what a job says under the key of such a kind, as jobs::ActionDeclaration.
#pragma once

#include <filesystem>
#include <optional>

#include "daemon/config/secret.hpp"
#include "daemon/config/value.hpp"
#include "jobs/action_kind.hpp"

namespace belfry::daemon {

/// What is the same for all parameters of a job.
struct ParametersContext {
  const std::filesystem::path& folder;  ///< absolute: where relative paths start
  const SecretFiles& secrets;
  bool in_flow = false;  ///< values may have references (jobs/flow_text.hpp), and are checked as far as they have none
};

/// The form that is meant, with its parameters; paths are absolute. Complains and gives nothing when something is
/// wrong.
std::optional<jobs::ActionDeclaration> read_declared_action(const Value& value, const jobs::ActionKind& kind,
                                                            const ParametersContext& context);

}  // namespace belfry::daemon
