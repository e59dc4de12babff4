// See future.hpp.

#include "async/future.hpp"

namespace belfry::async::detail {

void error_lost(Inbox& inbox, const std::exception_ptr& error) noexcept {
  try {
    inbox.post([error] { Loop::current().error_lost("a Promise", error); });
  } catch (const std::bad_alloc&) {
    // it is lost once more, for want of memory
  }
}

}  // namespace belfry::async::detail
