// The key `approval` of a step of a flow: what a person is asked.
#pragma once

#include <optional>

#include "daemon/config/job_spec.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/value.hpp"

namespace belfry::daemon {

/// A text, or a map with the keys of approval_section; complains about what is wrong.
std::optional<ApprovalDeclaration> read_approval(const Value& value);

/// Complains about keys of a step that mean nothing when it is an approval.
void check_use_of_approval_keys(const MapReader& step, const ApprovalDeclaration& approval);

}  // namespace belfry::daemon
