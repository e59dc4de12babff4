// Result<T>: what became of something that ran, a value or the exception it ended with. A plain value, any thread.
#pragma once

#include <exception>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

namespace belfry::async {

/// Holds nothing yet, a value of T (nothing for void), or an exception.
template <class T>
class [[nodiscard]] Result {
  static_assert(!std::is_reference_v<T>, "return a pointer or a std::reference_wrapper");

 public:
  using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  Result() noexcept = default;

  template <class... Args>
  void set_value(Args&&... args) {
    state_.template emplace<1>(std::forward<Args>(args)...);
  }
  // NOLINTNEXTLINE(bugprone-exception-escape): of the destructor of a value that was there
  void set_error(std::exception_ptr error) noexcept { state_.template emplace<2>(std::move(error)); }

  bool empty() const noexcept { return state_.index() == 0; }
  bool has_value() const noexcept { return state_.index() == 1; }
  explicit operator bool() const noexcept { return has_value(); }

  /// The exception; null if there is none.
  std::exception_ptr error() const noexcept {
    const auto* error = std::get_if<2>(&state_);
    return error == nullptr ? nullptr : *error;
  }

  /// The value. Rethrows the exception; throws std::logic_error while empty.
  const Stored& value() const& {
    check();
    return std::get<1>(state_);
  }

  /// Moves the value out (returns nothing for void). Throws as value() does.
  T take() {
    check();
    if constexpr (!std::is_void_v<T>) return std::move(std::get<1>(state_));
  }

 private:
  void check() const {
    if (const auto* error = std::get_if<2>(&state_)) std::rethrow_exception(*error);
    if (empty()) throw std::logic_error("this Result is still empty: what it belongs to has not ended");
  }

  std::variant<std::monostate, Stored, std::exception_ptr> state_;
};

}  // namespace belfry::async
