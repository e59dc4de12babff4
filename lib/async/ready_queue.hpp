// ReadyQueue: what the loop runs next, in order of arrival. Intrusive, so making a task ready allocates nothing and a
// destroyed task leaves the queue by itself. Loop thread only.
#pragma once

namespace belfry::async::detail {

class TaskNode;

/// Something to run once: a task's next step, or a callback.
class ReadyNode {
 public:
  ReadyNode() noexcept = default;
  ReadyNode(const ReadyNode&) = delete;
  ReadyNode& operator=(const ReadyNode&) = delete;

  bool queued() const noexcept { return next_ != nullptr; }

  void leave_queue() noexcept {
    if (!queued()) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = nullptr;
  }

 protected:
  virtual ~ReadyNode() { leave_queue(); }

 private:
  friend class ReadyQueue;
  friend class Inbox;
  friend class LoopRunner;
  /// Called by the loop, no longer queued. May destroy itself.
  virtual void run() noexcept = 0;
  /// It will never run: the loop is gone. A node that nobody else owns destroys itself.
  virtual void drop() noexcept {}
  /// Itself as a task; null for a callback.
  virtual TaskNode* as_task() noexcept { return nullptr; }

  ReadyNode* previous_ = nullptr;
  ReadyNode* next_ = nullptr;
};

/// A circular list around a sentinel.
class ReadyQueue {
 public:
  ReadyQueue() noexcept { ends_.previous_ = ends_.next_ = &ends_; }

  bool empty() const noexcept { return ends_.next_ == &ends_; }

  /// REQUIRES: the node is in no queue.
  void push(ReadyNode& node) noexcept {
    node.previous_ = ends_.previous_;
    node.next_ = &ends_;
    ends_.previous_->next_ = &node;
    ends_.previous_ = &node;
  }

  /// REQUIRES: not empty.
  ReadyNode& pop() noexcept {
    ReadyNode& node = *ends_.next_;
    node.leave_queue();
    return node;
  }

  /// All of `other` behind what is here already.
  void append(ReadyQueue& other) noexcept {
    if (other.empty()) return;
    other.ends_.next_->previous_ = ends_.previous_;
    ends_.previous_->next_ = other.ends_.next_;
    other.ends_.previous_->next_ = &ends_;
    ends_.previous_ = other.ends_.previous_;
    other.ends_.previous_ = other.ends_.next_ = &other.ends_;
  }

 private:
  struct Ends final : ReadyNode {
    ~Ends() override { /* its neighbours are itself */ }
    void run() noexcept override {}
  };
  Ends ends_;
};

}  // namespace belfry::async::detail
