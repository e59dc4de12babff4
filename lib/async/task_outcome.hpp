// TaskOutcome<T>: a Result (result.hpp) that nobody asks before it is there, so that the one of a Task<> is a mere
// pointer. Not for use outside lib/async.
#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include "async/result.hpp"

namespace belfry::async::detail {

class VoidOutcome {
 public:
  void set_error(std::exception_ptr error) noexcept { error_ = std::move(error); }
  /// The exception; null if it returned.
  const std::exception_ptr& error() const noexcept { return error_; }
  void take() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::exception_ptr error_;
};

template <class T>
using TaskOutcome = std::conditional_t<std::is_void_v<T>, VoidOutcome, Result<T>>;

}  // namespace belfry::async::detail
