// ReadyQueue: what the loop runs next, in order of arrival. Intrusive: making a task ready allocates nothing. A node
// that is queued stays so until it is run; a task that ended meanwhile then does nothing. Loop thread only.
#pragma once

namespace belfry::async::detail {

/// Something to run once: a task's next step, or a callback.
class ReadyNode {
 public:
  enum class Kind : bool { callback, task };

  explicit ReadyNode(Kind kind) noexcept : is_task_(kind == Kind::task) {}
  ReadyNode(const ReadyNode&) = delete;
  ReadyNode& operator=(const ReadyNode&) = delete;

  bool queued() const noexcept { return next_ != nullptr; }
  /// Whether it is a TaskNode; else a callback.
  bool is_task() const noexcept { return is_task_; }

 protected:
  ~ReadyNode() = default;

 private:
  friend class ReadyQueue;
  friend class Inbox;
  friend class LoopRunner;
  /// Called by the loop, no longer queued. A callback destroys itself.
  virtual void run() noexcept = 0;
  /// It will never run: the loop is gone.
  virtual void drop() noexcept = 0;

  ReadyNode* next_ = nullptr;  // itself in the last node of a queue
  bool is_task_;               // asked at each step: no virtual function
};

class ReadyQueue {
 public:
  bool empty() const noexcept { return first_ == nullptr; }

  /// REQUIRES: the node is in no queue, and lives until it is popped.
  void push(ReadyNode& node) noexcept {
    node.next_ = &node;
    (first_ != nullptr ? last_->next_ : first_) = &node;
    last_ = &node;
  }

  /// REQUIRES: not empty.
  ReadyNode& pop() noexcept {
    ReadyNode& node = *first_;
    first_ = node.next_ == &node ? nullptr : node.next_;
    if (first_ != nullptr) __builtin_prefetch(first_);  // a hundred thousand of them are in no cache
    node.next_ = nullptr;
    return node;
  }

  /// All of `other` behind what is here already.
  void append(ReadyQueue& other) noexcept {
    if (other.empty()) return;
    (first_ != nullptr ? last_->next_ : first_) = other.first_;
    last_ = other.last_;
    other.first_ = nullptr;
  }

 private:
  ReadyNode* first_ = nullptr;
  ReadyNode* last_ = nullptr;  // stale while empty
};

}  // namespace belfry::async::detail
