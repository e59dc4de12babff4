#include "observe/slow_steps.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace belfry::observe {

async::ComplaintHook SlowSteps::noting(async::ComplaintHook next) {
  return [this, next = std::move(next)](const async::Complaint& complaint) {
    if (complaint.kind == async::ComplaintKind::slow_step) note(complaint);
    next(complaint);
  };
}

void SlowSteps::note(const async::Complaint& complaint) {
  const engine::WallTime ended = wall_now_();
  SlowStep step{.began = ended - complaint.lasted,
                .ended = ended,
                .task = complaint.task,
                .kind = complaint.task_kind.empty() ? "callback" : complaint.task_kind,
                .place = to_string(complaint.place)};
  const std::scoped_lock lock(mutex_);
  steps_.push_back(std::move(step));
  if (steps_.size() > most) steps_.pop_front();
}

std::vector<SlowStep> SlowSteps::between(engine::WallTime from, engine::WallTime to) const {
  std::vector<SlowStep> found;
  const std::scoped_lock lock(mutex_);
  std::ranges::copy_if(steps_, std::back_inserter(found),
                       [&](const SlowStep& step) { return step.began < to && step.ended > from; });
  return found;
}

}  // namespace belfry::observe
