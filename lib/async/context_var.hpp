// ContextVar<T>: a value that belongs to a task and what it starts: a request id, a user, a locale. As contextvars.
//
//   ContextVar<std::string> request_id("request_id", "-");     // at namespace scope, or static
//   request_id.set("r-17");
//   spawn(handle(request));                                     // sees "r-17"; what it sets itself stays its own
//
// A spawned task begins with the values that its parent has at that moment, a function in a ThreadPool with those of
// the task that awaits it; what they change does not come back. Awaited Tasks and generators run in the awaiting task
// and share its values. Outside of tasks a thread has values of its own, with which run() begins. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "async/context.hpp"
#include "async/running_task.hpp"

namespace belfry::async {

template <class T>
class ContextVar {
 public:
  /// What set() replaced. Move-only.
  class Token {
   public:
    Token(Token&&) noexcept = default;
    Token& operator=(Token&&) noexcept = default;

   private:
    friend class ContextVar;
    Token(std::uint64_t variable, std::uint64_t task, detail::ContextValue before) noexcept
        : variable_(variable), task_(task), before_(std::move(before)) {}
    std::uint64_t variable_;
    std::uint64_t task_;
    detail::ContextValue before_;
  };

  /// `name` is for people.
  explicit ContextVar(std::string name) : name_(std::move(name)) {}
  /// With the value of those that have set none.
  ContextVar(std::string name, T otherwise) : name_(std::move(name)), default_(std::move(otherwise)) {}
  ContextVar(const ContextVar&) = delete;
  ContextVar& operator=(const ContextVar&) = delete;

  /// A copy of the value of the running task, else the default. Throws std::logic_error when there is neither.
  T get() const {
    if (const detail::ContextValue value = find()) return *static_cast<const T*>(value.get());
    if (default_) return *default_;
    throw std::logic_error("ContextVar " + name_ + " has no value here: set it in a task above, or give it a default");
  }

  /// The same, or `otherwise` where none was set.
  T get_or(T otherwise) const {
    const detail::ContextValue value = find();
    return value ? *static_cast<const T*>(value.get()) : std::move(otherwise);
  }

  /// From now on the running task, and what it spawns later, have this value. Keep the token to undo it.
  Token set(T value) {
    Token token(id_, detail::running_task_id(), find());
    detail::current_context().set(id_, std::make_shared<const T>(std::move(value)));
    return token;
  }

  /// Undoes the set() that gave the token, whatever was set since. Throws std::logic_error for the token of another
  /// variable or of another task.
  void reset(Token token) {
    if (token.variable_ != id_) throw std::logic_error("ContextVar " + name_ + ": this token is another variable's");
    if (token.task_ != detail::running_task_id()) {
      throw std::logic_error("ContextVar " + name_ + ": this token was made in task " + std::to_string(token.task_) +
                             "; reset it there, other tasks have copies of their own");
    }
    detail::current_context().set(id_, std::move(token.before_));
  }

  const std::string& name() const noexcept { return name_; }

 private:
  detail::ContextValue find() const noexcept { return detail::current_context().find(id_); }

  std::uint64_t id_ = detail::new_context_variable();
  std::string name_;
  std::optional<T> default_;
};

}  // namespace belfry::async
