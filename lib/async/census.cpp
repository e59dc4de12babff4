// See census.hpp.

#include "async/census.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "async/loop.hpp"
#include "async/registry.hpp"
#include "async/sleep.hpp"
#include "async/tick_clock.hpp"
#include "async/waiter.hpp"

namespace belfry::async {
namespace detail {

/// Looks at tasks, from inside (on the loop's thread) or from outside.
class Census {
 public:
  explicit Census(const Loop& loop)
      : now_(loop.now_ns()), running_(loop.running()), on_loop_(Loop::current_or_null() == &loop) {}

  /// In a Reading of the registry.
  TaskInfo look(const TaskNode& task) const {
    TaskInfo info;
    info.id = task.id;
    info.name = task.name();
    info.kind = task.kind().name();
    info.parent = task.parent;
    info.age = Duration(now_ - task.created);
    info.busy = Duration(TickClock::to_ns(task.busy.load(std::memory_order_relaxed)));
    info.steps = task.steps.load(std::memory_order_relaxed);
    info.leaked = is_leaked(task, now_);
    if (const char* what = task.waits_for.load(std::memory_order_relaxed); what != nullptr) {
      info.state = TaskState::waiting;
      info.waits_for = what;
    } else if (&task == running_) {
      info.state = TaskState::running;
    }
    if (on_loop_) look_inside(task, info);
    if (info.places.empty()) info.places.emplace_back(task.place.load(std::memory_order_relaxed));
    return info;
  }

 private:
  static void look_inside(const TaskNode& task, TaskInfo& info) {
    if (const ScopeNode* source = task.scope().source(); source != nullptr) info.cancelled = source->reason();
    const Waiter* const parked = task.parked();
    if (parked == nullptr) return;
    if (task.queued()) {  // what it waited for has come
      info.state = TaskState::ready;
      info.waits_for.clear();
    } else {
      parked->report(info.wait);
    }
    for (const PromiseBase* frame = parked->promise_; frame != nullptr; frame = frame->awaiter()) {
      info.places.emplace_back(frame->site());
    }
  }

  std::int64_t now_;
  const TaskNode* running_;
  bool on_loop_;
};

}  // namespace detail

namespace {

using detail::Census;
using detail::Registry;
using detail::TaskNode;

constexpr std::size_t chunk = 1000;  // tasks looked at without a break: a third of a millisecond

/// Another thread's question to the loop. Shared, since the asker may give up.
class Request : public std::enable_shared_from_this<Request> {
 public:
  static constexpr auto patience = std::chrono::milliseconds(500);

  /// False: the loop does not answer.
  bool ask(Loop& loop) {
    if (!loop.call_soon_threadsafe([self = shared_from_this(), &loop] { self->begin(loop); })) return false;
    std::unique_lock lock(mutex_);
    while (!done_) {
      const std::size_t seen = progress_;
      if (!changed_.wait_for(lock, patience, [&] { return done_ || progress_ != seen; })) {
        given_up_ = true;
        return false;
      }
    }
    return true;
  }

  std::vector<TaskInfo> all;  // the asker's once ask() has returned true

 private:
  void begin(Loop& loop) {
    cursor_ = std::make_unique<Registry::Cursor>(loop.registry());
    look(loop);
  }

  void look(Loop& loop) {
    const std::unique_lock lock(mutex_);
    const Census census(loop);
    ++progress_;
    if (!given_up_ && cursor_->visit(chunk, [&](const TaskNode& task) { all.push_back(census.look(task)); })) {
      loop.call_soon([self = shared_from_this(), &loop] { self->look(loop); });
    } else {
      cursor_.reset();
      done_ = true;
    }
    changed_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<Registry::Cursor> cursor_;  // the loop's
  std::size_t progress_ = 0;
  bool done_ = false;
  bool given_up_ = false;
};

std::vector<TaskInfo> look_at_all(const Loop& loop) {
  std::vector<TaskInfo> all;
  const Census census(loop);
  Registry::Cursor cursor(loop.registry());
  while (cursor.visit(chunk, [&](const TaskNode& task) { all.push_back(census.look(task)); })) {
  }
  return all;
}

}  // namespace

std::string_view to_string(TaskState state) noexcept {
  switch (state) {
    case TaskState::ready:
      return "ready";
    case TaskState::running:
      return "running";
    case TaskState::waiting:
      return "waiting";
  }
  return "unknown";
}

std::vector<TaskInfo> all_tasks(const Loop& loop) {
  if (Loop::current_or_null() == &loop) return look_at_all(loop);
  const auto request = std::make_shared<Request>();
  if (request->ask(const_cast<Loop&>(loop))) return std::move(request->all);
  return look_at_all(loop);
}

Task<std::vector<TaskInfo>> take_census() {
  const Loop& loop = Loop::current();
  std::vector<TaskInfo> all;
  Registry::Cursor cursor(loop.registry());
  while (true) {
    const Census census(loop);
    if (!cursor.visit(chunk, [&](const TaskNode& task) { all.push_back(census.look(task)); })) break;
    co_await yield();
  }
  co_return all;
}

std::optional<TaskInfo> current_task() {
  const Loop* const loop = Loop::current_or_null();
  if (loop == nullptr || loop->running() == nullptr) return std::nullopt;
  const detail::Registry::Reading reading(loop->registry());
  return Census(*loop).look(*loop->running());
}

}  // namespace belfry::async
