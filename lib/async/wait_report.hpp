// WaitReport: what a parked task waits for and who can end that, as its awaiter tells it. For dumps (census.hpp) and
// for the search for deadlocks. A plain value.
//
// Every awaiter has a literal already ("lock", "queue.get"); one that knows more overrides Waiter::report():
//
//   void report(WaitReport& report) const override { report.object(&lock_).any_of(lock_.owner()); }
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace belfry::async {

/// How the tasks of a WaitReport stand to the wait. Nothing known is no deadlock: then the world outside may end it.
enum class WaitEnds : std::uint8_t {
  unknown,        ///< a timer, a thread, a file, a signal, or anybody who has a reference: never part of a deadlock
  with_any_task,  ///< one of the tasks must act: it holds the lock, or one of the permits
  with_all_tasks  ///< each of the tasks must end: the joined task, the children of a group
};

class WaitReport {
 public:
  /// The object at which it waits: those that wait at the same one are seen to belong together.
  WaitReport& object(const void* object) noexcept { return object_ = object, *this; }

  /// A few words for a person, behind the literal: "10 of 10 items", "pool native". Without the literal itself.
  WaitReport& note(std::string words) { return note_ = std::move(words), *this; }

  /// This task (its id; 0 is ignored) can end the wait; said once for each holder of a lock or of permits.
  WaitReport& any_of(std::uint64_t task) { return add(WaitEnds::with_any_task, task); }

  /// The wait ends when this task (its id; 0 is ignored) and all others named so have ended.
  WaitReport& all_of(std::uint64_t task) { return add(WaitEnds::with_all_tasks, task); }

  const void* object() const noexcept { return object_; }
  const std::string& note() const noexcept { return note_; }
  WaitEnds ends() const noexcept { return ends_; }
  const std::vector<std::uint64_t>& tasks() const noexcept { return tasks_; }

 private:
  WaitReport& add(WaitEnds ends, std::uint64_t task) {
    if (task == 0) return *this;
    ends_ = ends;
    tasks_.push_back(task);
    return *this;
  }

  const void* object_ = nullptr;
  std::string note_;
  WaitEnds ends_ = WaitEnds::unknown;
  std::vector<std::uint64_t> tasks_;
};

}  // namespace belfry::async
