// The writer's queue; see entry_queue.hpp.
#include "ledger/entry_queue.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

namespace belfry::ledger {
namespace {

// So many items are worth a commit of their own, however recent the last one was.
constexpr std::size_t large_queue = 4096;

// Items come in bursts: the start and the end of a short run, a thousand runs that are due together. So long must
// nothing come before a burst counts as over; its commit does not take the processor on which runs are about to start.
constexpr auto company = std::chrono::milliseconds{25};

// What nobody else knows of waits for others no longer than that.
constexpr auto brief = std::chrono::milliseconds{5};

struct HeapBytes {
  std::size_t operator()(const SlotClosed& slot) const { return slot.job.size(); }
  std::size_t operator()(const RunStarted& run) const { return run.job.size(); }
  std::size_t operator()(const RunEnded& run) const { return run.job.size() + run.message.size(); }
  std::size_t operator()(const AttemptEnded& attempt) const {
    return attempt.job.size() + attempt.message.size() + of(attempt.standard_output) + of(attempt.standard_error);
  }
  std::size_t operator()(const StepEnded& step) const {
    std::size_t bytes = step.job.size() + step.step.size() + step.label.size() + step.message.size();
    for (const auto& [name, value] : step.outputs) bytes += 2 * sizeof(std::string) + name.size() + value.size();
    return bytes;
  }
  std::size_t operator()(const PauseChanged& pause) const {
    return pause.job.size() + pause.reason.size() + pause.by.size();
  }
  std::size_t operator()(const JobDeclared& job) const { return job.job.size() + job.fingerprint.size(); }
  std::size_t operator()(const OneShotAdded& shot) const {
    std::size_t bytes = shot.name.size() + shot.working_dir.size() + shot.by.size();
    for (const std::string& word : shot.argv) bytes += sizeof(std::string) + word.size();
    for (const auto& [key, value] : shot.environment) bytes += 2 * sizeof(std::string) + key.size() + value.size();
    return bytes;
  }
  std::size_t operator()(const OneShotRemoved& shot) const { return shot.name.size(); }
  std::size_t operator()(const SlotClaimed& slot) const { return slot.job.size(); }
  std::size_t operator()(const BreakerChanged& breaker) const { return breaker.job.size() + breaker.why.size(); }
  std::size_t operator()(const ZonesChanged& zones) const { return zones.before.size() + zones.now.size(); }
  std::size_t operator()(const GenerationApplied& generation) const { return generation.fingerprint.size(); }
  std::size_t operator()(const ClockJumped&) const { return 0; }
  std::size_t operator()(const DaemonMark&) const { return 0; }
  std::size_t operator()(const RunIdsSkipped&) const { return 0; }

  static std::size_t of(const CapturedStream& stream) { return stream.head.size() + stream.tail.size(); }
};

bool is_dropped_last(const Entry& entry) noexcept {
  return std::holds_alternative<SlotClaimed>(entry) || std::holds_alternative<PauseChanged>(entry) ||
         std::holds_alternative<JobDeclared>(entry) || std::holds_alternative<OneShotAdded>(entry) ||
         std::holds_alternative<OneShotRemoved>(entry) || std::holds_alternative<RunIdsSkipped>(entry);
}

// The table of live runs has these, too: a kill of belfryd loses nothing of them.
bool is_patient(const Entry& entry) noexcept {
  const auto* slot = std::get_if<SlotClosed>(&entry);
  return std::holds_alternative<RunStarted>(entry) || std::holds_alternative<AttemptEnded>(entry) ||
         std::holds_alternative<RunEnded>(entry) || (slot != nullptr && slot->result == SlotResult::started);
}

void forget(CapturedStream& stream) noexcept {
  stream.head = {};
  stream.tail = {};
  stream.dropped_bytes = stream.total_bytes;
}

// Whether there was an output to shed.
bool shed_outputs(Entry& entry) noexcept {
  auto* attempt = std::get_if<AttemptEnded>(&entry);
  if (attempt == nullptr || HeapBytes::of(attempt->standard_output) + HeapBytes::of(attempt->standard_error) == 0) {
    return false;
  }
  forget(attempt->standard_output);
  forget(attempt->standard_error);
  return true;
}

}  // namespace

EntryBatch::~EntryBatch() {
  // One by one: the default would recurse as deep as the list is long.
  while (first_) first_ = std::move(first_->next);
}

EntryBatch::EntryBatch(EntryBatch&& other) noexcept
    : first_(std::move(other.first_)),
      last_(std::exchange(other.last_, nullptr)),
      items_(std::exchange(other.items_, 0)) {}

EntryBatch& EntryBatch::operator=(EntryBatch&& other) noexcept {
  std::swap(first_, other.first_);
  std::swap(last_, other.last_);
  std::swap(items_, other.items_);
  return *this;
}

void EntryBatch::append(std::unique_ptr<Item> item) noexcept {
  Item* const added = item.get();
  (last_ == nullptr ? first_ : last_->next) = std::move(item);
  last_ = added;
  ++items_;
}

void EntryBatch::append(EntryBatch batch) noexcept {
  if (batch.empty()) return;
  (last_ == nullptr ? first_ : last_->next) = std::move(batch.first_);
  last_ = std::exchange(batch.last_, nullptr);
  items_ += std::exchange(batch.items_, 0);
}

EntryBatch EntryBatch::split(std::size_t limit) noexcept {
  if (items_ <= limit) return std::exchange(*this, EntryBatch{});
  EntryBatch taken;
  while (first_ && (taken.items_ < limit || taken.last_->tied)) {
    std::unique_ptr<Item> item = std::move(first_);
    first_ = std::move(item->next);
    --items_;
    taken.append(std::move(item));
  }
  if (!first_) last_ = nullptr;
  return taken;
}

std::unique_ptr<EntryBatch::Item> EntryQueue::admit(Entry entry) noexcept try {
  const std::size_t held = bytes();
  if (held > max_bytes_ / 2 && shed_outputs(entry)) dropped_outputs_.fetch_add(1, std::memory_order_relaxed);
  const std::size_t size = sizeof(EntryBatch::Item) + std::visit(HeapBytes{}, entry);
  if (held + size > (is_dropped_last(entry) ? max_bytes_ : max_bytes_ / 8 * 7)) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  auto item = std::make_unique<EntryBatch::Item>(std::move(entry), size, nullptr);
  entries_.fetch_add(1, std::memory_order_relaxed);
  bytes_.fetch_add(size, std::memory_order_relaxed);
  return item;
} catch (...) {  // no memory left
  dropped_.fetch_add(1, std::memory_order_relaxed);
  return nullptr;
}

bool EntryQueue::push(Entry entry) noexcept {
  auto item = admit(std::move(entry));
  if (!item) return false;
  EntryBatch batch;
  batch.append(std::move(item));
  enqueue(std::move(batch), false);
  return true;
}

void EntryQueue::push_tied(std::vector<Entry> entries) noexcept {
  EntryBatch batch;
  for (Entry& entry : entries) {
    auto item = admit(std::move(entry));
    if (!item) continue;
    item->tied = true;
    batch.append(std::move(item));
  }
  if (batch.empty()) return;
  batch.last()->tied = false;
  enqueue(std::move(batch), false);
}

void EntryQueue::push(EntryBatch::Callback callback) {
  EntryBatch batch;
  batch.append(std::make_unique<EntryBatch::Item>(std::move(callback), 0, nullptr));
  enqueue(std::move(batch), true);
}

void EntryQueue::enqueue(EntryBatch batch, bool somebody_waits) noexcept {
  bool hurried = false;
  for (const EntryBatch::Item* item = batch.first(); item != nullptr; item = item->next.get()) {
    const Entry* entry = std::get_if<Entry>(&item->what);
    hurried |= entry != nullptr && !is_patient(*entry);
  }
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    somebody_waits_ |= somebody_waits;
    waiting_items_.append(std::move(batch));
    wake =
        waiting_ == Waiting::for_item || (waiting_ == Waiting::for_company && (is_urgent() || (hurried && !hurried_)));
    hurried_ |= hurried;
    if (wake) waiting_ = Waiting::no;  // one wake-up is enough
  }
  if (wake) wake_.notify_one();
}

bool EntryQueue::is_urgent() const noexcept {
  return somebody_waits_ || closed() || waiting_items_.items() >= large_queue;
}

EntryBatch EntryQueue::take(Clock::duration patience) {
  std::unique_lock lock(mutex_);
  while (waiting_items_.empty() && !closed()) {
    waiting_ = Waiting::for_item;
    wake_.wait(lock);
  }
  Clock::time_point latest = Clock::now() + patience;
  bool hurried = false;
  for (std::size_t seen = 0; !is_urgent() && seen != waiting_items_.items() && Clock::now() < latest;) {
    seen = waiting_items_.items();
    if (hurried_ && !hurried) latest = std::min(latest, Clock::now() + brief);
    hurried = hurried_;
    const Clock::time_point then = std::min(Clock::now() + company, latest);
    waiting_ = Waiting::for_company;
    while (!is_urgent() && hurried == hurried_ && wake_.wait_until(lock, then) != std::cv_status::timeout) {
    }
  }
  waiting_ = Waiting::no;
  somebody_waits_ = false;
  hurried_ = false;
  return std::exchange(waiting_items_, EntryBatch{});
}

bool EntryQueue::is_idle() {
  const std::lock_guard lock(mutex_);
  return waiting_items_.empty() && !closed();
}

void EntryQueue::pause_until(Clock::time_point then) {
  std::unique_lock lock(mutex_);
  wake_.wait_until(lock, then, [this] { return closed(); });
}

void EntryQueue::release(std::size_t entries, std::size_t bytes) noexcept {
  entries_.fetch_sub(entries, std::memory_order_relaxed);
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

void EntryQueue::close() noexcept {
  {
    const std::lock_guard lock(mutex_);
    closed_.store(true, std::memory_order_relaxed);
  }
  wake_.notify_one();
}

}  // namespace belfry::ledger
