// The parameter `connect_timeout` of the actions that talk to a server.
#pragma once

#include "jobs/action_kind.hpp"

namespace belfry::jobs {

inline ParameterInfo connect_timeout_parameter() {
  return {.name = "connect_timeout",
          .type = ParameterType::duration,
          .fallback = "10s",
          .meaning = "how long it may take until the connection stands",
          .least = 1,
          .most = 3'600'000};
}

}  // namespace belfry::jobs
