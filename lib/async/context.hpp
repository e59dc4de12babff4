// The values of all ContextVars of a task, or of a thread outside of tasks. Not for use outside lib/async; users want
// context_var.hpp.
//
// A context is shared by those that inherited it and copied by the first that changes it, so a spawn costs one counter.
// A ContextRef belongs to one thread at a time; the contexts behind them may be shared between threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace belfry::async::detail {

using ContextValue = std::shared_ptr<const void>;

struct Context {
  std::atomic<std::uint32_t> references = 1;
  std::vector<std::pair<std::uint64_t, ContextValue>> values;  // by the id of the variable; few, so a list
};

/// A counted reference; null stands for no values.
class ContextRef {
 public:
  ContextRef() noexcept = default;
  ContextRef(const ContextRef& other) noexcept : context_(other.context_) {
    if (context_ != nullptr) context_->references.fetch_add(1, std::memory_order_relaxed);
  }
  ContextRef(ContextRef&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
  ContextRef& operator=(ContextRef other) noexcept {
    std::swap(context_, other.context_);
    return *this;
  }
  ~ContextRef() {
    if (context_ != nullptr) drop();
  }

  /// Null if the variable has none.
  ContextValue find(std::uint64_t variable) const noexcept;
  /// Null takes the value away.
  void set(std::uint64_t variable, ContextValue value);

 private:
  void drop() noexcept;
  void make_own();
  Context* context_ = nullptr;
};

/// That of the running task; in a callback or outside a loop that of the thread.
ContextRef& current_context() noexcept;

/// A number for a new variable; never used twice.
std::uint64_t new_context_variable() noexcept;

/// The thread has this context while it lives. For functions that run on behalf of a task elsewhere.
class ContextScope {
 public:
  explicit ContextScope(ContextRef context) noexcept;
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;
  ~ContextScope();

 private:
  ContextRef before_;
};

}  // namespace belfry::async::detail
