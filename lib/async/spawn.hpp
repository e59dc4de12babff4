// spawn(): starts a task that runs beside the current one. Its JoinHandle owns it: dropping the handle cancels the
// task.
//
//   JoinHandle<int> handle = spawn(count_words(path), "count words");
//   const int words = co_await handle;
//
// For tasks that belong together prefer with_task_group (task_group.hpp) or gather (gather.hpp). Loop thread only.
#pragma once

#include <cstdint>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "async/cancel_tree.hpp"
#include "async/task.hpp"
#include "async/task_node.hpp"
#include "async/waiter.hpp"

namespace belfry::async {

namespace detail {
struct NodeSetup;
}

/// What a task is called. Converts from a name: spawn(task, "name").
class SpawnOptions {
 public:
  SpawnOptions() = default;
  /// A literal, or what else outlives the options; it is copied by spawn().
  SpawnOptions(const char* name) noexcept : literal_(name) {}  // NOLINT(google-explicit-constructor): a name will do
  SpawnOptions(std::string name) : name_(std::move(name)) {}   // NOLINT(google-explicit-constructor)
  SpawnOptions(std::string_view name) : name_(name) {}         // NOLINT(google-explicit-constructor)

  /// Under which it is counted (task_kind.hpp): a small fixed set, it becomes a metrics label. Default "task".
  SpawnOptions& kind(std::string_view kind) { return kind_ = &task_kind(kind), *this; }

 private:
  friend struct detail::NodeSetup;
  std::string_view literal_;
  std::string name_;
  TaskKind* kind_ = nullptr;
};

namespace detail {

/// A counted reference to a node.
template <class Node>
class NodeRef {
 public:
  NodeRef() noexcept = default;
  explicit NodeRef(Node* node) noexcept : node_(node) { node_->retain(); }
  NodeRef(NodeRef&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  NodeRef& operator=(NodeRef&& other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~NodeRef() {
    if (node_ != nullptr) node_->release();
  }
  Node& operator*() const noexcept { return *node_; }
  Node* operator->() const noexcept { return node_; }
  explicit operator bool() const noexcept { return node_ != nullptr; }

 private:
  Node* node_ = nullptr;
};

struct NodeSetup {
  /// Options with a name that outlives them.
  static SpawnOptions named(std::string_view name) noexcept {
    SpawnOptions options;
    options.literal_ = name;
    return options;
  }
  static std::string_view name(const SpawnOptions& options) noexcept {
    return options.literal_.empty() ? std::string_view(options.name_) : options.literal_;
  }
  static void apply(TaskNode& node, const SpawnOptions& options, std::source_location place) noexcept;
};

/// A node that has not begun; `outcome`: what its place for the outcome is made of. REQUIRES: the task holds a
/// coroutine (std::logic_error).
template <class Node, class... Args>
NodeRef<Node> make_node(Task<typename Node::Value> task, const SpawnOptions& options, std::source_location place,
                        Args&&... outcome) {
  if (!task) throw std::logic_error("cannot spawn an empty Task: it was moved from or awaited before");
  NodeRef<Node> node(Node::make(task.handle(), NodeSetup::name(options), std::forward<Args>(outcome)...));
  task.release();
  NodeSetup::apply(*node, options, place);
  return node;
}

/// Hands the main task to the loop. Called by run().
void begin_main(Loop& loop, TaskNode& node);

/// The task that runs now begins the node on its loop, as its parent.
void begin_child(TaskNode& node, ScopeNode* scope, TaskOwner* owner);

/// Parks until the task has ended.
class JoinAwaiter : public Waiter, private TaskOwner {
 public:
  explicit JoinAwaiter(TaskNode& node) noexcept : Waiter("join"), node_(node) {}
  void report(WaitReport& report) const override;

 protected:
  ~JoinAwaiter() override { let_go(); }
  void finish_join() const;

 private:
  bool start() override;
  bool abandon() noexcept override {
    let_go();
    return true;
  }
  void task_ended(TaskNode& task, const std::exception_ptr& error) noexcept override;
  void let_go() noexcept {
    if (waiting()) node_.set_owner(nullptr);
  }

  TaskNode& node_;
};

template <class T>
class TypedJoinAwaiter final : public JoinAwaiter {
 public:
  explicit TypedJoinAwaiter(TypedTaskNode<T>& node) noexcept : JoinAwaiter(node), node_(node) {}
  T await_resume() {
    finish_join();
    return node_.outcome().take();
  }

 private:
  TypedTaskNode<T>& node_;
};

/// What a dropped handle does to its task.
void drop_task(TaskNode& node) noexcept;
void detach_task(TaskNode& node) noexcept;

}  // namespace detail

/// Owns a spawned task. Move-only.
template <class T = void>
class [[nodiscard]] JoinHandle {
 public:
  JoinHandle() noexcept = default;
  explicit JoinHandle(detail::NodeRef<detail::TypedTaskNode<T>> node) noexcept : node_(std::move(node)) {}
  JoinHandle(JoinHandle&&) noexcept = default;
  JoinHandle& operator=(JoinHandle&& other) noexcept {
    JoinHandle gone(std::move(*this));
    node_ = std::move(other.node_);
    return *this;
  }
  /// Cancels a task that has not ended (CancelReason::owner_gone) and lets it clean up alone.
  ~JoinHandle() {
    if (node_) detail::drop_task(*node_);
  }

  /// Waits until the task has ended; gives its value or rethrows its exception, Cancelled included. Cancelling the
  /// waiting task does not cancel the joined one: that is what dropping the handle does. Once, and by one task at a
  /// time (std::logic_error). REQUIRES: not empty; the handle outlives the await.
  auto join() { return detail::TypedJoinAwaiter<T>(*node_); }
  auto operator co_await() { return join(); }

  /// Makes the task's awaits throw Cancelled; a task that has not begun never runs its body. No effect once it ended.
  void cancel(CancelReason reason = CancelReason::user) noexcept { node_->root_scope().cancel(reason); }

  /// Whether it has ended.
  bool done() const noexcept { return node_->ended(); }

  /// Gives up the ownership: the task runs until it ends by itself or the loop ends. Its error, if any, is only
  /// counted.
  void detach() {
    detail::detach_task(*node_);
    node_ = {};
  }

  explicit operator bool() const noexcept { return static_cast<bool>(node_); }
  std::uint64_t id() const noexcept { return node_->id; }
  std::string name() const { return node_->name(); }

 private:
  detail::NodeRef<detail::TypedTaskNode<T>> node_;
};

/// Starts the task on the current loop, in the next batch, in a cancel scope of its own (the spawning task's
/// cancellation does not reach it). Throws std::logic_error outside a loop.
template <class T>
JoinHandle<T> spawn(Task<T> task BELFRY_LIFETIME_BOUND, const SpawnOptions& options = SpawnOptions(),
                    std::source_location place = std::source_location::current()) {
  auto node = detail::make_node<detail::TypedTaskNode<T>>(std::move(task), options, place);
  detail::begin_child(*node, nullptr, nullptr);
  return JoinHandle<T>(std::move(node));
}

/// The same with a function object that returns the Task, which is kept until the task has ended: the way to spawn a
/// lambda that captures. `spawn([id]() -> Task<> { ... })`, not `spawn([id]() -> Task<> { ... }())`, whose closure is
/// gone at the semicolon. What is captured by reference must outlive the task all the same.
template <detail::MakesTask F>
auto spawn(F function, const SpawnOptions& options = SpawnOptions(),
           std::source_location place = std::source_location::current()) {
  return spawn(detail::keep_alive(std::move(function)), options, place);
}

}  // namespace belfry::async
