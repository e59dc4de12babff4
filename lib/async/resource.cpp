// See resource.hpp.

#include "async/resource.hpp"

#include "async/loop.hpp"

namespace belfry::async::detail {

std::exception_ptr first_failure(std::exception_ptr first, std::exception_ptr error) noexcept {
  if (!first) return error;
  if (is_cancelled(error)) return first;
  if (is_cancelled(first)) return error;
  Loop::current().error_lost("a clean-up", error);
  return first;
}

}  // namespace belfry::async::detail
