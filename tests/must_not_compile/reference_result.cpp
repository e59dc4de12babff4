// A task returns a reference, to what may be gone when the awaiting task goes on.
// error: return a pointer or a std::reference_wrapper
#include <vector>

#include "async/task.hpp"

belfry::async::Task<std::vector<int>&> wrong(std::vector<int>& items) { co_return items; }
