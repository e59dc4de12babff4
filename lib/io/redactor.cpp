#include "io/redactor.hpp"

#include <algorithm>
#include <ranges>

namespace belfry::io {

namespace {

constexpr std::string_view stars = "***";
constexpr std::size_t most_let_go = 4096;  // of held_, before it is moved to its front

// A mark: the state, how many of the bytes that are held back belong to what was told as hidden already, and which
// numbering of states it is of: another version may have another one.
constexpr unsigned covered_at = 32;
constexpr unsigned numbering_at = 56;
constexpr std::uint64_t covered_mask = (std::uint64_t{1} << (numbering_at - covered_at)) - 1;
constexpr std::uint64_t numbering = 1;

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = std::min(text.find_first_not_of(blanks), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

}  // namespace

HiddenTexts::HiddenTexts(std::span<const std::string> texts) : nodes_(1) {
  for (const std::string& text : texts) {
    std::string_view rest(text);
    while (rest.ends_with('\n') || rest.ends_with('\r')) rest.remove_suffix(1);
    add(rest);
    while (!rest.empty()) {
      const auto end = std::min(rest.find('\n'), rest.size());
      add(without_blanks(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  link();
}

void HiddenTexts::add(std::string_view text) {
  if (text.size() < shortest) return;
  State at = 0;
  for (const char byte : text) {
    State below = child(at, byte);
    if (below == 0) {
      below = static_cast<State>(nodes_.size());
      nodes_.push_back(
          {.next_sibling = nodes_[at].first_child, .parent = at, .length = nodes_[at].length + 1, .byte = byte});
      nodes_[at].first_child = below;
      if (at == 0) first_[static_cast<unsigned char>(byte)] = below;
    }
    at = below;
  }
  nodes_[at].found = nodes_[at].length;
}

/// Level by level, so that shorter beginnings are linked before longer ones.
void HiddenTexts::link() {
  std::vector<State> order{0};
  order.reserve(nodes_.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const State parent = order[i];
    for (State at = nodes_[parent].first_child; at != 0; at = nodes_[at].next_sibling) {
      Node& node = nodes_[at];
      if (parent != 0) node.fallback = next(nodes_[parent].fallback, node.byte);
      if (node.found == 0) node.found = nodes_[node.fallback].found;
      order.push_back(at);
    }
  }
}

HiddenTexts::State HiddenTexts::child(State of, char byte) const noexcept {
  if (of == 0) return first_[static_cast<unsigned char>(byte)];
  State at = nodes_[of].first_child;
  while (at != 0 && nodes_[at].byte != byte) at = nodes_[at].next_sibling;
  return at;
}

HiddenTexts::State HiddenTexts::next(State state, char byte) const noexcept {
  for (;; state = nodes_[state].fallback) {
    const State below = child(state, byte);
    if (below != 0 || state == 0) return below;
  }
}

std::span<const char> Redactor::pass(std::span<const char> bytes, bool end) {
  shown_.clear();
  if (gap_ != Gap::none) bytes = behind_gap(bytes);
  const auto may_begin = [this](char byte) { return hidden_->first_[static_cast<unsigned char>(byte)] != 0; };
  for (auto rest = bytes; !rest.empty();) {
    if (state_ != 0) {
      take(rest.front());
      rest = rest.subspan(1);
      continue;
    }
    release(position_);
    const auto plain = static_cast<std::size_t>(std::ranges::find_if(rest, may_begin) - rest.begin());
    position_ += plain;
    released_ = position_;
    if (plain == bytes.size() && shown_.empty()) return bytes;
    shown_.append(rest.data(), plain);
    rest = rest.subspan(plain);
    if (rest.empty()) break;
    take(rest.front());
    rest = rest.subspan(1);
  }
  if (end) {
    release(position_);
    state_ = 0;
  }
  return shown_;
}

std::span<const char> Redactor::behind_gap(std::span<const char> bytes) {
  if (bytes.empty()) return bytes;
  if (gap_ == Gap::silent) shown_ += stars;
  gap_ = Gap::told;
  const auto line = std::ranges::find(bytes, '\n');
  if (line != bytes.end()) gap_ = Gap::none;
  return bytes.subspan(static_cast<std::size_t>(line - bytes.begin()));
}

std::uint64_t Redactor::mark() const noexcept {
  const bool told = !found_.empty() && found_.front().told;
  const std::uint64_t covered = told ? found_.front().end - released_ : 0;
  const std::uint64_t doubt = gap_ == Gap::none ? 0 : doubtful;
  return doubt | numbering << numbering_at | covered << covered_at | state_;
}

/// What is held back is the beginning of a text, which its state stands for: all else is found in it again.
void Redactor::resume(std::uint64_t mark) {
  if (mark == 0) return;
  const auto state = static_cast<HiddenTexts::State>(mark);
  const std::uint64_t covered = mark >> covered_at & covered_mask;
  const auto& nodes = hidden_->nodes_;
  if (mark >> numbering_at != numbering || state >= nodes.size() || covered > nodes[state].length) {
    gap_ = Gap::silent;
    return;
  }
  std::string held;
  for (auto at = state; at != 0; at = nodes[at].parent) held += nodes[at].byte;
  for (const char byte : std::views::reverse(held)) take(byte);
  if (covered == 0) return;
  while (!found_.empty() && found_.front().begin < covered) found_.pop_front();
  found_.push_front({.begin = 0, .end = covered, .told = true});
}

void Redactor::take(char byte) {
  state_ = hidden_->next(state_, byte);
  held_ += byte;
  ++position_;
  const HiddenTexts::Node& node = hidden_->nodes_[state_];
  if (node.found != 0) hide(node.found);
  release(position_ - node.length);
}

/// The newest bytes, so many of them; with all that overlaps it is one.
void Redactor::hide(std::uint64_t length) {
  Hidden hidden{.begin = position_ - length, .end = position_};
  while (!found_.empty() && found_.back().end > hidden.begin) {
    hidden.begin = std::min(hidden.begin, found_.back().begin);
    hidden.told = hidden.told || found_.back().told;
    found_.pop_back();
  }
  found_.push_back(hidden);
}

/// Nothing that comes can be found together with a byte before `until`.
void Redactor::release(std::uint64_t until) {
  while (released_ < until) {
    const std::string_view rest = std::string_view(held_).substr(held_.size() - (position_ - released_));
    std::uint64_t stop = until;
    if (!found_.empty() && found_.front().begin <= released_) {
      Hidden& hidden = found_.front();
      if (!hidden.told) shown_ += stars;
      hidden.told = true;
      stop = std::min(stop, hidden.end);
      if (stop == hidden.end) found_.pop_front();
    } else {
      if (!found_.empty()) stop = std::min(stop, found_.front().begin);
      shown_ += rest.substr(0, stop - released_);
    }
    released_ = stop;
  }
  if (released_ == position_) {
    held_.clear();
  } else if (const auto gone = held_.size() - (position_ - released_); gone > most_let_go) {
    held_.erase(0, gone);
  }
}

}  // namespace belfry::io
