#include "jobs/held_back.hpp"

#include <atomic>
#include <exception>
#include <utility>

namespace belfry::jobs {

namespace {

constexpr std::size_t streams = 2;

}  // namespace

HeldBack::HeldBack(io::Fd kept) {
  if (!kept) return;
  try {
    memory_.emplace(std::move(kept));
    memory_->close_file();  // the keeper has it
    if (marks().size() < streams) memory_.reset();
  } catch (const std::exception&) {  // not one of ours, or there is no room for it
  }
}

HeldBack HeldBack::keep_new(engine::Report& report, std::uint32_t label, bool taken_over) {
  HeldBack held;
  held.first_ = taken_over ? io::Redactor::doubtful : 0;
  if (!report.keep) return held;
  try {
    held.memory_.emplace(streams * sizeof(std::uint64_t));
    for (std::size_t stream = 0; stream < streams; ++stream) held.set_mark(stream, held.first_);
    const io::LabelledFd kept{.label = label, .fd = held.memory_->fd()};
    if (!report.keep({&kept, 1}, false)) held.memory_.reset();
  } catch (const std::exception&) {  // no descriptor, no memory
    held.memory_.reset();
  }
  if (held.memory_) held.memory_->close_file();
  return held;
}

std::span<std::uint64_t> HeldBack::marks() const noexcept { return memory_->as<std::uint64_t>(); }

std::uint64_t HeldBack::mark(std::size_t stream) const noexcept {
  return memory_ ? std::atomic_ref(marks()[stream]).load(std::memory_order_acquire) : first_;
}

/// As for io::OutputMirror, it is enough that the compiler keeps the order.
void HeldBack::set_mark(std::size_t stream, std::uint64_t mark) noexcept {
  if (!memory_) return;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  std::atomic_ref(marks()[stream]).store(mark, std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);  // what is read comes after it
}

}  // namespace belfry::jobs
