#include "io/head_tail_buffer.hpp"

#include <algorithm>

namespace belfry::io {

void HeadTailBuffer::append(std::span<const char> bytes) {
  total_ += bytes.size();
  const auto to_head = std::min(bytes.size(), head_limit_ - head_.size());
  head_.append(bytes.data(), to_head);
  bytes = bytes.subspan(to_head);
  if (!bytes.empty() && tail_limit_ > 0) append_tail(bytes);
}

void HeadTailBuffer::resume(std::span<const char> head, std::span<const char> tail, std::uint64_t total) {
  append(head);
  if (total > head.size() + tail.size()) {
    head_limit_ = head_.size();  // what is missing comes next: the head ends here
    tail_.clear();
    tail_begin_ = 0;
  }
  append(tail);
  total_ = total;
}

void HeadTailBuffer::append_tail(std::span<const char> bytes) {
  if (bytes.size() >= tail_limit_) {
    const auto last = bytes.last(tail_limit_);
    tail_.assign(last.data(), last.size());
    tail_begin_ = 0;
    return;
  }
  const auto growth = std::min(bytes.size(), tail_limit_ - tail_.size());
  tail_.append(bytes.data(), growth);
  for (bytes = bytes.subspan(growth); !bytes.empty();) {  // the ring is full: overwrite the oldest
    const auto piece = std::min(bytes.size(), tail_limit_ - tail_begin_);
    std::copy_n(bytes.data(), piece, tail_.begin() + static_cast<std::ptrdiff_t>(tail_begin_));
    tail_begin_ = (tail_begin_ + piece) % tail_limit_;
    bytes = bytes.subspan(piece);
  }
}

std::string HeadTailBuffer::tail() const { return tail_.substr(tail_begin_) + tail_.substr(0, tail_begin_); }

}  // namespace belfry::io
