#include "io/output_mirror.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace belfry::io {

// A dead process has carried out its stores in program order up to some instruction, so it is enough that the compiler
// keeps the order: release stores and acquire loads say so.
struct OutputMirror::Header {
  std::uint64_t begun;      // bytes below this position may have been written
  std::uint64_t committed;  // bytes below this position have been written
  std::uint64_t tail_from;  // tail bytes below this position were overwritten by one that died
  std::uint64_t source;
};

namespace {

constexpr std::size_t least_memory = 64;

std::uint64_t load(std::uint64_t& word) noexcept { return std::atomic_ref(word).load(std::memory_order_acquire); }

void store(std::uint64_t& word, std::uint64_t value) noexcept {
  std::atomic_ref(word).store(value, std::memory_order_release);
}

}  // namespace

std::size_t OutputMirror::size_for(std::size_t bytes) noexcept {
  return std::max(least_memory, sizeof(Header) + bytes + bytes % 2);
}

OutputMirror::OutputMirror(std::span<std::byte> memory, std::size_t parts) noexcept {
  if (memory.size() < least_memory || reinterpret_cast<std::uintptr_t>(memory.data()) % alignof(Header) != 0) return;
  header_ = reinterpret_cast<Header*>(memory.data());
  const auto bytes = memory.subspan(sizeof(Header));
  head_ = bytes.first(bytes.size() / parts);
  tail_ = bytes.subspan(head_.size());
  if (!sound()) clear(memory);
  store(header_->tail_from, tail_extent().from);  // before the bytes in flight are forgotten
  store(header_->begun, load(header_->committed));
}

// Not written by this class, or by a version that laid it out differently.
bool OutputMirror::sound() const noexcept {
  const std::uint64_t begun = load(header_->begun);
  const std::uint64_t committed = load(header_->committed);
  return begun >= committed && load(header_->tail_from) <= std::max<std::uint64_t>(committed, head_.size());
}

OutputMirror::Extent OutputMirror::tail_extent() const noexcept {
  const std::uint64_t begun = load(header_->begun);
  const std::uint64_t to = std::max<std::uint64_t>(load(header_->committed), head_.size());
  std::uint64_t from = std::max<std::uint64_t>(load(header_->tail_from), head_.size());
  if (begun > tail_.size()) from = std::max(from, begun - tail_.size());
  return {.from = std::min(from, to), .to = to};
}

void OutputMirror::append(std::span<const char> bytes) noexcept {
  if (header_ == nullptr || bytes.empty()) return;
  std::uint64_t position = load(header_->committed);
  const std::uint64_t end = position + bytes.size();
  store(header_->begun, end);
  std::atomic_signal_fence(std::memory_order_seq_cst);  // the bytes come after it
  if (position < head_.size()) {
    const auto to_head = std::min<std::size_t>(bytes.size(), head_.size() - position);
    std::memcpy(head_.data() + position, bytes.data(), to_head);
    bytes = bytes.subspan(to_head);
    position += to_head;
  }
  if (bytes.size() > tail_.size()) {
    position += bytes.size() - tail_.size();
    bytes = bytes.last(tail_.size());
  }
  copy_to_tail(position, bytes);
  store(header_->committed, end);
}

void OutputMirror::copy_to_tail(std::uint64_t position, std::span<const char> bytes) noexcept {
  while (!bytes.empty()) {
    const std::size_t at = (position - head_.size()) % tail_.size();
    const std::size_t piece = std::min(bytes.size(), tail_.size() - at);
    std::memcpy(tail_.data() + at, bytes.data(), piece);
    bytes = bytes.subspan(piece);
    position += piece;
  }
}

OutputMirror::Kept OutputMirror::read() const {
  Kept kept;
  if (header_ == nullptr) return kept;
  kept.total = load(header_->committed);
  const auto* head = reinterpret_cast<const char*>(head_.data());
  kept.head.assign(head, std::min<std::size_t>(kept.total, head_.size()));
  const Extent extent = tail_extent();
  const auto* tail = reinterpret_cast<const char*>(tail_.data());
  for (std::uint64_t position = extent.from; position < extent.to;) {
    const std::size_t at = (position - head_.size()) % tail_.size();
    const std::size_t piece = std::min<std::size_t>(extent.to - position, tail_.size() - at);
    kept.tail.append(tail + at, piece);
    position += piece;
  }
  return kept;
}

std::uint64_t OutputMirror::total() const noexcept { return header_ == nullptr ? 0 : load(header_->committed); }

void OutputMirror::set_source(std::uint64_t inode) noexcept {
  if (header_ != nullptr) store(header_->source, inode);
}

std::uint64_t OutputMirror::source() const noexcept { return header_ == nullptr ? 0 : load(header_->source); }

void OutputMirror::clear(std::span<std::byte> memory) noexcept {
  if (memory.size() < least_memory || reinterpret_cast<std::uintptr_t>(memory.data()) % alignof(Header) != 0) return;
  auto* header = reinterpret_cast<Header*>(memory.data());
  store(header->source, 0);
  store(header->committed, 0);
  store(header->tail_from, 0);
  store(header->begun, 0);
}

}  // namespace belfry::io
