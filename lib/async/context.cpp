// See context.hpp.

#include "async/context.hpp"

#include <algorithm>

#include "async/loop.hpp"
#include "async/task_node.hpp"

namespace belfry::async::detail {
namespace {

thread_local ContextRef thread_context;

}  // namespace

ContextValue ContextRef::find(std::uint64_t variable) const noexcept {
  if (context_ == nullptr) return nullptr;
  for (const auto& [id, value] : context_->values) {
    if (id == variable) return value;
  }
  return nullptr;
}

void ContextRef::set(std::uint64_t variable, ContextValue value) {
  make_own();
  auto& values = context_->values;
  const auto place = std::ranges::find_if(values, [&](const auto& entry) { return entry.first == variable; });
  if (place == values.end()) {
    if (value) values.emplace_back(variable, std::move(value));
  } else if (value) {
    place->second = std::move(value);
  } else {
    values.erase(place);
  }
}

void ContextRef::make_own() {
  if (context_ != nullptr && context_->references.load(std::memory_order_acquire) == 1) return;
  auto own = std::make_unique<Context>();
  if (context_ != nullptr) {
    own->values = context_->values;
    drop();
  }
  context_ = own.release();
}

void ContextRef::drop() noexcept {
  if (context_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete context_;
}

ContextRef& current_context() noexcept {
  const Loop* const loop = Loop::current_or_null();
  TaskNode* const task = loop != nullptr ? loop->running() : nullptr;
  return task != nullptr ? task->context : thread_context;
}

std::uint64_t new_context_variable() noexcept {
  static std::atomic<std::uint64_t> last = 0;
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

ContextScope::ContextScope(ContextRef context) noexcept : before_(std::exchange(thread_context, std::move(context))) {}

ContextScope::~ContextScope() { thread_context = std::move(before_); }

}  // namespace belfry::async::detail
