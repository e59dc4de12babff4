// The tree of cancel scopes below CancelScope, tasks and groups, and the exception they throw. Users want cancel.hpp.
//
//   root scope of task A
//     +- scope (with_timeout)                 a task is "in" its innermost scope; only there its awaits look
//          +- scope of a task group
//               +- root scope of child B      children of a group hang below the group's scope
//               +- root scope of child C
//
// Invariants: (1) source() of a scope is the outermost cancelled scope that no shield hides from it, null if none;
// (2) a linked scope lies below a living parent; (3) cancel() runs no user code: it unparks tasks onto the ready queue.
// Loop thread only.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <string_view>

namespace belfry::async {

/// Why something was cancelled.
enum class CancelReason : std::uint8_t {
  user,            ///< somebody asked for it
  timeout,         ///< a deadline passed
  shutdown,        ///< the loop ends
  sibling_failed,  ///< another task of the group failed
  replaced,        ///< something newer takes its place
  owner_gone,      ///< its JoinHandle was dropped
  lost_race,       ///< another task of the race() ended first
};

/// "user", "timeout", ...
std::string_view to_string(CancelReason reason) noexcept;

/// Thrown at an await by a cancellation. Catch it to clean up, then rethrow. On purpose no std::exception: code that
/// handles failures with catch (const std::exception&) must not take a cancellation for one.
class Cancelled {
 public:
  explicit Cancelled(CancelReason reason, std::uint64_t id = 0) noexcept : id_(id), reason_(reason) {}
  CancelReason reason() const noexcept { return reason_; }
  /// Which cancellation it was; unique in the process.
  std::uint64_t id() const noexcept { return id_; }

 private:
  std::uint64_t id_;
  CancelReason reason_;
};

/// The same as an exception_ptr.
bool is_cancelled(const std::exception_ptr& error) noexcept;

namespace detail {

class TaskNode;

class ScopeNode {
 public:
  ScopeNode() noexcept = default;
  ScopeNode(const ScopeNode&) = delete;
  ScopeNode& operator=(const ScopeNode&) = delete;

  /// Becomes a child of `parent` (may be null) on behalf of `task`, which is in this scope from now on.
  /// Throws std::logic_error when it is in use already.
  void link(ScopeNode* parent, TaskNode& task);
  void unlink() noexcept;
  bool linked() const noexcept { return task_ != nullptr; }

  void cancel(CancelReason reason) noexcept;
  bool cancelled() const noexcept { return cancelled_; }
  CancelReason reason() const noexcept { return reason_; }
  /// Of its own cancellation, or of the end of its shield; 0: neither. Later ones have greater numbers.
  std::uint64_t id() const noexcept { return id_; }
  /// Whether this scope's own cancel() threw it.
  bool caused(const Cancelled& cancelled) const noexcept { return cancelled_ && cancelled.id() == id_; }
  /// From this scope outwards as far as no shield hides it: the first one whose cancellation was `id` or an earlier
  /// one, null if there is none. A shield that has ended gives its body as much time as a cancellation does.
  const ScopeNode* disobeyed(std::uint64_t id) const noexcept;

  ScopeNode* parent() const noexcept { return parent_; }
  /// Calls visit(task) for the task of each scope directly below.
  template <class Visit>
  void for_each_child(Visit&& visit) const {
    for (const ScopeNode* child = first_child_; child != nullptr; child = child->next_) visit(*child->task_);
  }
  /// The cancelled scope that the awaits in this scope must obey, null if none.
  const ScopeNode* source() const noexcept { return source_; }
  [[noreturn]] void throw_cancelled() const { throw Cancelled(reason_, id_); }
  Cancelled as_exception() const noexcept { return Cancelled(reason_, id_); }

 protected:
  /// The parents' cancellation becomes visible.
  void lift_shield() noexcept;

 private:
  friend class Shield;
  void update() noexcept;

  ScopeNode* parent_ = nullptr;
  ScopeNode* first_child_ = nullptr;
  ScopeNode* previous_ = nullptr;
  ScopeNode* next_ = nullptr;
  const ScopeNode* source_ = nullptr;
  TaskNode* task_ = nullptr;
  std::uint64_t id_ : 46 = 0;  // of 70 trillion cancellations
  bool cancelled_ : 1 = false;
  bool shield_ : 1 = false;  // it is a Shield, and hides its parents
  CancelReason reason_ = CancelReason::user;
};
static_assert(sizeof(ScopeNode) == 56, "one in every task");

/// The running task is in the scope from the construction to the destruction. Throws std::logic_error when no task runs
/// or the scope is in use.
class ScopeEntry {
 public:
  explicit ScopeEntry(ScopeNode& scope);
  ScopeEntry(const ScopeEntry&) = delete;
  ScopeEntry& operator=(const ScopeEntry&) = delete;
  ~ScopeEntry();

  TaskNode& task() const noexcept { return task_; }

 private:
  ScopeNode& scope_;
  TaskNode& task_;
};

}  // namespace detail

/// Throws Cancelled if the current task is cancelled; costs no turn of the loop. For long computations between awaits.
void check_cancelled();

}  // namespace belfry::async
