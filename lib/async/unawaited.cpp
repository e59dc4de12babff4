// See unawaited.hpp.

#include "async/unawaited.hpp"

#include <exception>

#include "async/loop.hpp"
#include "async/task_promise.hpp"

namespace belfry::async::detail {

void destroy_unawaited(const PromiseBase& promise, std::coroutine_handle<> frame) noexcept {
  const bool mistake = !QuietDestruction::any() && std::uncaught_exceptions() == 0;
  const std::source_location written_at = promise.site();
  {
    const QuietDestruction consequences;
    frame.destroy();
  }
  if (!mistake) return;
  if (Loop* const loop = Loop::current_or_null(); loop != nullptr) loop->never_awaited(written_at);
}

}  // namespace belfry::async::detail
