// LineSplitter: the lines of a stream that comes in pieces, in bounded memory.
//
// Plain value without locks: whoever owns it calls it from one thread.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace belfry::io {

/// A line ends with \n, \r\n or \r (a progress bar begins its line anew), which is not part of it. One that is longer
/// than `longest` bytes is told in pieces of that length. Holds at most that much; any bytes may come.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t longest) : longest_(longest) {}

  /// Calls `line` with each line that is whole now. What it is given is valid during the call.
  template <std::invocable<std::string_view> Line>
  void append(std::span<const char> bytes, Line&& line) {
    std::string_view rest(bytes.data(), bytes.size());
    while (!rest.empty()) {
      if (after_return_ && rest.front() == '\n') rest.remove_prefix(1);
      after_return_ = false;
      const std::size_t end = next_end(rest);
      take(rest.substr(0, end), end < rest.size(), line);
      if (end == rest.size()) return;
      after_return_ = rest[end] == '\r';
      rest.remove_prefix(end + 1);
    }
  }

  /// The same with what came behind the last end of a line.
  template <std::invocable<std::string_view> Line>
  void finish(Line&& line) {
    if (!begun_.empty()) line(std::string_view(begun_));
    begun_.clear();
    was_cut_ = false;
  }

 private:
  /// The first \n, or a \r before it: looked for one after the other, for memchr is so much faster than any loop.
  static std::size_t next_end(std::string_view text) noexcept {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    return std::min(text.substr(0, newline).find('\r'), newline);
  }

  template <typename Line>
  void take(std::string_view piece, bool ends, Line& line) {
    while (begun_.size() + piece.size() > longest_) {
      const std::string_view fits = piece.substr(0, longest_ - begun_.size());
      if (begun_.empty()) {
        line(fits);
      } else {
        begun_ += fits;
        line(std::string_view(begun_));
        begun_.clear();
      }
      piece.remove_prefix(fits.size());
      was_cut_ = true;
    }
    if (!ends) {
      begun_ += piece;
      return;
    }
    const bool all_told = was_cut_ && begun_.empty() && piece.empty();
    if (begun_.empty() && !all_told) line(piece);
    if (!begun_.empty()) {
      begun_ += piece;
      line(std::string_view(begun_));
      begun_.clear();
    }
    was_cut_ = false;
  }

  std::size_t longest_;
  std::string begun_;          // the line whose end has not come yet
  bool was_cut_ = false;       // and some of which has been told
  bool after_return_ = false;  // a \n that comes next belongs to the \r before
};

}  // namespace belfry::io
