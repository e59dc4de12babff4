// What the loop complains of, as log lines: tasks that were forgotten, errors that nobody took, cancellations that are
// ignored, and a loop that is stuck, with the calls on its stack. Slow steps are told by loop_log.hpp.
#pragma once

#include "async/complaint.hpp"
#include "observe/log.hpp"

namespace belfry::observe {

/// For LoopOptions::on_complaint. Any thread; of what comes from the same place again and again one line a minute.
/// `log` must outlive the loop.
async::ComplaintHook complaint_log(Log& log);

}  // namespace belfry::observe
