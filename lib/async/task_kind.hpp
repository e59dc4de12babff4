// Task kinds: the few names under which tasks are counted ("run", "http", "watcher"). A metrics label, so keep them
// few.
//
// A kind is made the first time it is named and lives as long as the process. Each loop counts its tasks for itself;
// whoever asks adds up. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "async/clock.hpp"

namespace belfry::async {

class TaskKind {
 public:
  TaskKind(std::string_view name, std::uint8_t index) : name_(name), index_(index) {}
  TaskKind(const TaskKind&) = delete;
  TaskKind& operator=(const TaskKind&) = delete;

  const std::string& name() const noexcept { return name_; }
  /// Its place in its table.
  std::uint8_t index() const noexcept { return index_; }
  /// How long a detached task of this kind may live before it counts as leaked; zero: without limit.
  Duration expected_life() const noexcept { return Duration(expected_life_.load(std::memory_order_relaxed)); }
  void set_expected_life(Duration life) noexcept { expected_life_.store(life.count(), std::memory_order_relaxed); }

 private:
  std::string name_;
  std::uint8_t index_;
  std::atomic<std::int64_t> expected_life_ = 0;
};

/// A table of kinds. It never shrinks: references stay good.
class TaskKinds {
 public:
  static constexpr std::size_t limit = 64;

  /// The kind of that name; made if it is new. When the table is full all further names share the kind "other".
  TaskKind& get(std::string_view name);
  /// In the order in which they were first named.
  std::vector<TaskKind*> all();
  /// REQUIRES: an index that a kind of this table told.
  TaskKind& at(std::uint8_t index) const noexcept { return *kinds_[index]; }

 private:
  TaskKind& find_or_make(std::string_view name);

  std::mutex mutex_;
  std::array<std::unique_ptr<TaskKind>, limit> kinds_;
  std::size_t size_ = 0;
};

namespace detail {

/// How many tasks of each kind of the process-wide table a loop has begun and ended.
class KindCounts {
 public:
  struct Total {
    std::uint64_t created = 0;
    std::uint64_t finished = 0;  // never more
  };
  using Totals = std::array<Total, TaskKinds::limit>;

  KindCounts();
  KindCounts(const KindCounts&) = delete;
  KindCounts& operator=(const KindCounts&) = delete;
  ~KindCounts();

  /// The loop's thread. One writer: no locked instruction.
  void note_created(std::uint8_t kind) noexcept { bump(counts_[kind].created); }
  void note_finished(std::uint8_t kind) noexcept { bump(counts_[kind].finished); }

  /// Of all loops of the process, those that are gone included. Any thread.
  static Totals totals();

 private:
  struct Count {
    std::atomic<std::uint64_t> created = 0;
    std::atomic<std::uint64_t> finished = 0;
  };
  struct All;
  static void bump(std::atomic<std::uint64_t>& count) noexcept {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  void add_to(Totals& totals) const noexcept;

  std::array<Count, TaskKinds::limit> counts_;
};

}  // namespace detail

/// A kind of the process-wide table.
TaskKind& task_kind(std::string_view name);

/// As task_kind(), with the expected life of its detached tasks.
TaskKind& register_task_kind(std::string_view name, Duration expected_life);

/// The same, by its index.
TaskKind& task_kind_at(std::uint8_t index) noexcept;

/// All kinds of the process, in the order of their indices.
std::vector<TaskKind*> all_task_kinds();

}  // namespace belfry::async
