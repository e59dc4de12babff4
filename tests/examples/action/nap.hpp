// nap: a job that only lets time pass.
#pragma once

#include "jobs/action_kind.hpp"

namespace belfry::jobs {

/// A run ends when its time has passed, with a sentence that says how long it was. Cancellation: at once.
ActionKind nap_kind();

}  // namespace belfry::jobs
