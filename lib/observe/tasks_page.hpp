// /debug/tasks: the tree of a loop's tasks, as text or JSON.
#pragma once

#include "observe/exposer.hpp"

namespace belfry::async {
class Loop;
}

namespace belfry::observe {

/// Answers while the loop is stuck, after half a second. `loop` must outlive the exposer that has it.
DebugPage tasks_page(const async::Loop& loop);

}  // namespace belfry::observe
