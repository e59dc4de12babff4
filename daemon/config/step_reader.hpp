// One step of a flow, but for what it needs of others (flow_reader.hpp).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "daemon/config/flow_spec.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/secret.hpp"
#include "jobs/action_registry.hpp"

namespace belfry::daemon {

/// What a flow is declared in.
struct FlowContext {
  const std::filesystem::path& folder;  ///< of the file
  const ProcessPolicies& process;       ///< of the job: what its steps have unless they set it themselves
  const Section& step;                  ///< the keys of a step, those of the actions included
  const jobs::ActionRegistry& actions;
  const SecretFiles& secrets;
};

/// The step `id`; complains about what is wrong, and gives nothing when there is no action. References are parsed, and
/// whether there is what they mean is not asked.
std::optional<StepSpec> read_step(const MapReader& map, std::string id, const FlowContext& context);

}  // namespace belfry::daemon
