// A program that delivers something: run once, with a text as its input, and ended as a tree when it takes too long.
#pragma once

#include "async/task.hpp"
#include "daemon/notify/delivery.hpp"
#include "daemon/notify/notice.hpp"
#include "jobs/exec.hpp"

namespace belfry::daemon {

/// What came of it: exit code 0 is a delivery, another one may pass, a program that cannot be started is a refusal. Its
/// BELFRY_JOB and the like are those of the notice. Loop thread only. Cancellation: it is ended as a tree.
async::Task<Delivery> run_program(jobs::ExecSpec spec, const Notice& notice, time::Duration timeout);

}  // namespace belfry::daemon
