// Which task runs? For primitives that check who uses them. Not for use outside lib/async; see current_task().
#pragma once

#include <cstdint>
#include <string>

namespace belfry::async::detail {

/// The id of the running task; 0 in a callback or outside a loop.
std::uint64_t running_task_id() noexcept;

/// "task 17 (fetch)" for the running task, "a callback" if none runs.
std::string describe_running_task();

}  // namespace belfry::async::detail
