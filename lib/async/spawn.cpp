// What spawn() and JoinHandle do that needs no type; see spawn.hpp.

#include "async/spawn.hpp"

#include "async/loop.hpp"
#include "async/loop_runner.hpp"
#include "async/wait_report.hpp"

namespace belfry::async::detail {

void NodeSetup::apply(TaskNode& node, const SpawnOptions& options, std::source_location place) noexcept {
  static const TaskKind& default_kind = task_kind("task");
  node.kind_index = (options.kind_ != nullptr ? *options.kind_ : default_kind).index();
  node.place.store(place, std::memory_order_relaxed);
}

void begin_main(Loop& loop, TaskNode& node) {
  if (Loop::current_or_null() != nullptr) {
    throw std::logic_error(
        "a loop runs already on this thread: co_await the "
        "task instead of calling run()");
  }
  node.created = loop.now_ns();
  node.context = current_context();
  node.begin(loop, nullptr, nullptr);
}

void begin_child(TaskNode& node, ScopeNode* scope, TaskOwner* owner) {
  Loop& loop = Loop::current();
  LoopRunner& runner = loop.runner();
  node.created = runner.step_began_ns();
  if (const TaskNode* parent = runner.monitor.running_task(); parent != nullptr) {
    node.parent = parent->id;
    node.context = parent->context;
  } else {
    node.context = current_context();
  }
  node.begin(loop, scope, owner);
}

bool JoinAwaiter::start() {
  if (node_.retrieved) throw std::logic_error("task " + node_.name() + " was joined already: a result is taken once");
  if (node_.ended()) return false;
  if (&node_ == &task()) throw std::logic_error("task " + node_.name() + " joins itself: it would wait for ever");
  if (node_.owner() != nullptr) throw std::logic_error("task " + node_.name() + " is being joined by another task");
  node_.set_owner(this);
  return true;
}

void JoinAwaiter::task_ended(TaskNode&, const std::exception_ptr&) noexcept { complete(); }

void JoinAwaiter::finish_join() const {
  finish();
  node_.retrieved = true;
}

void JoinAwaiter::report(WaitReport& report) const { report.object(&node_).all_of(node_.id); }

void drop_task(TaskNode& node) noexcept {
  if (node.ended()) {
    node.report_lost_error();
    return;
  }
  node.loop()->registry().set_ownerless(node, TaskNode::Owner::dropped);
  node.root_scope().cancel(CancelReason::owner_gone);
}

void detach_task(TaskNode& node) noexcept {
  if (node.ended()) {
    node.report_lost_error();
    return;
  }
  node.loop()->registry().set_ownerless(node, TaskNode::Owner::detached);
}

}  // namespace belfry::async::detail
