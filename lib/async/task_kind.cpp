// See task_kind.hpp.

#include "async/task_kind.hpp"

namespace belfry::async {
namespace {

TaskKinds& process_kinds() {
  static TaskKinds kinds;
  return kinds;
}

}  // namespace

TaskKind& TaskKinds::get(std::string_view name) {
  const std::scoped_lock lock(mutex_);
  return find_or_make(name);
}

TaskKind& TaskKinds::find_or_make(std::string_view name) {
  for (std::size_t i = 0; i < size_; ++i) {
    if (kinds_[i]->name() == name) return *kinds_[i];
  }
  if (size_ >= limit - 1 && name != "other") return find_or_make("other");
  kinds_[size_] = std::make_unique<TaskKind>(name, static_cast<std::uint8_t>(size_));
  return *kinds_[size_++];
}

std::vector<TaskKind*> TaskKinds::all() {
  const std::scoped_lock lock(mutex_);
  std::vector<TaskKind*> all;
  all.reserve(size_);
  for (std::size_t i = 0; i < size_; ++i) all.push_back(kinds_[i].get());
  return all;
}

namespace detail {

/// The loops that live, and what the others have counted.
struct KindCounts::All {
  std::mutex mutex;
  std::vector<const KindCounts*> living;
  Totals gone{};

  static All& of_process() {
    static All all;
    return all;
  }
};

KindCounts::KindCounts() {
  All& all = All::of_process();
  const std::scoped_lock lock(all.mutex);
  all.living.push_back(this);
}

KindCounts::~KindCounts() {
  All& all = All::of_process();
  const std::scoped_lock lock(all.mutex);
  std::erase(all.living, this);
  add_to(all.gone);
}

KindCounts::Totals KindCounts::totals() {
  All& all = All::of_process();
  const std::scoped_lock lock(all.mutex);
  Totals totals = all.gone;
  for (const KindCounts* loop : all.living) loop->add_to(totals);
  return totals;
}

void KindCounts::add_to(Totals& totals) const noexcept {
  for (std::size_t i = 0; i < totals.size(); ++i) {
    totals[i].finished += counts_[i].finished.load(std::memory_order_acquire);  // first: it is never more than created
    totals[i].created += counts_[i].created.load(std::memory_order_acquire);
  }
}

}  // namespace detail

TaskKind& task_kind(std::string_view name) { return process_kinds().get(name); }

TaskKind& register_task_kind(std::string_view name, Duration expected_life) {
  TaskKind& kind = task_kind(name);
  kind.set_expected_life(expected_life);
  return kind;
}

TaskKind& task_kind_at(std::uint8_t index) noexcept { return process_kinds().at(index); }

std::vector<TaskKind*> all_task_kinds() { return process_kinds().all(); }

}  // namespace belfry::async
