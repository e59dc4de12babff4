// Takes texts that nobody may see out of a stream that comes in pieces.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace belfry::io {

/// The texts, ready to be looked for all at once (as by Aho and Corasick). Immutable; any thread.
class HiddenTexts {
 public:
  /// A shorter text is not hidden: it would be found everywhere.
  static constexpr std::size_t shortest = 4;

  /// Each of `texts` without the ends of lines at its end, and each of its lines without the blanks around it. What is
  /// shorter than that is left out. Memory: about 40 bytes for each byte of them, twice that for those of several
  /// lines. Takes some 100 ms for 128 KiB.
  explicit HiddenTexts(std::span<const std::string> texts);

  bool empty() const noexcept { return nodes_.size() == 1; }

 private:
  friend class Redactor;
  using State = std::uint32_t;  // an index of nodes_: what the newest bytes have in common with a beginning of a text

  struct Node {
    State first_child = 0;
    State next_sibling = 0;
    State parent = 0;
    State fallback = 0;        // the next shorter beginning that the newest bytes have in common with a text
    std::uint32_t length = 0;  // of this beginning
    std::uint32_t found = 0;   // of the longest text that ends here; 0: none does
    char byte = 0;
  };

  void add(std::string_view text);
  void link();
  State child(State of, char byte) const noexcept;
  State next(State state, char byte) const noexcept;

  std::vector<Node> nodes_;
  std::array<State, 256> first_{};  // the children of the root
};

/// One stream. Bytes that may be the beginning of such a text are held back until it is known: at most as many as the
/// longest text has. Costs time in proportion to what comes, whatever it is. One thread.
class Redactor {
 public:
  /// Set in a mark: some of what came before may be neither shown nor held back, so that what comes next may be the
  /// rest of a text.
  static constexpr std::uint64_t doubtful = std::uint64_t{1} << 63U;

  explicit Redactor(std::shared_ptr<const HiddenTexts> hidden) : hidden_(std::move(hidden)) {}

  /// What may be shown now: each text, or several that overlap, is replaced by "***". `end`: nothing comes any more, so
  /// nothing is held back. Valid until the next call, and while `bytes` are.
  std::span<const char> pass(std::span<const char> bytes, bool end);

  /// What is held back, as a number that says nothing without the texts; 0: nothing was ever.
  std::uint64_t mark() const noexcept;

  /// Goes on where one of the same texts was when it had that mark; before anything else. A doubtful mark, or one that
  /// cannot be of these texts: what comes is hidden up to the end of the line (each line of a text is one, too).
  void resume(std::uint64_t mark);

 private:
  struct Hidden {
    std::uint64_t begin = 0;  // positions in the stream
    std::uint64_t end = 0;
    bool told = false;
  };

  enum class Gap : std::uint8_t { none, silent, told };  // until the end of the line, and whether that was told

  std::span<const char> behind_gap(std::span<const char> bytes);
  void take(char byte);
  void hide(std::uint64_t length);
  void release(std::uint64_t until);

  std::shared_ptr<const HiddenTexts> hidden_;
  HiddenTexts::State state_ = 0;
  std::uint64_t position_ = 0;  // of the next byte that comes
  std::uint64_t released_ = 0;  // the bytes before it have been told or hidden
  std::string held_;            // the bytes from released_ on are at its end
  std::deque<Hidden> found_;    // in order, without overlaps; from released_ on
  std::string shown_;
  Gap gap_ = Gap::none;
};

}  // namespace belfry::io
