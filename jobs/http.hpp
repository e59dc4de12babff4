// http: one request, and what its answer must be like.
#pragma once

#include "jobs/action_kind.hpp"

namespace belfry::jobs {

/// A run succeeds when the answer is as `expect` says, and fails with a sentence that says what it was instead, or why
/// there was none; start_error: the request could not be made. What the server sends is the run's output within its
/// budget, or is saved under `save_to`, whole or not at all. Cancellation: the connection is closed at once, and
/// nothing is saved. Redirects are followed by http and https alone; to another host go neither headers nor credentials
/// nor a body. No message holds more of a URL than its host.
ActionKind http_kind();

}  // namespace belfry::jobs
