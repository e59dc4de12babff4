// Complaints: where a loop's complaints are counted and passed on. Not for use outside lib/async; see complaint.hpp.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "async/complaint.hpp"

namespace belfry::async::detail {

class TaskNode;

class Complaints {
 public:
  explicit Complaints(ComplaintHook hook) : hook_(std::move(hook)) {}

  /// Counts one, and tells the hook what make() returns, if there is a hook. Any thread.
  template <class Make>
  void add(ComplaintKind kind, Make&& make) noexcept {
    counts_[static_cast<std::size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
    if (!hook_) return;
    try {
      Complaint complaint = make();
      complaint.kind = kind;
      hook_(complaint);
    } catch (...) {
      // the hook failed, or there is no memory to tell it: it is counted
    }
  }

  std::uint64_t count(ComplaintKind kind) const noexcept {
    return counts_[static_cast<std::size_t>(kind)].load(std::memory_order_relaxed);
  }
  bool heard() const noexcept { return static_cast<bool>(hook_); }

 private:
  ComplaintHook hook_;
  std::array<std::atomic<std::uint64_t>, 6> counts_{};
};

/// Names the task and where it stands. Loop thread, or under the registry's mutex.
Complaint about(const TaskNode& task, std::string detail);

}  // namespace belfry::async::detail
