// What a terminal gets to see: colour, tables, times. Single thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "time/wall_time.hpp"

namespace belfry::daemon::cli {

enum class Colour { none, red, green, yellow, dim, bold };

/// How to write to stdout: with colour only on a terminal, and not when NO_COLOR is set (no-color.org).
class Style {
 public:
  explicit Style(bool colour) : colour_(colour) {}
  static Style of(int fd);

  std::string paint(std::string_view text, Colour colour) const;

 private:
  bool colour_;
};

/// Text of others without anything that a terminal would obey: control characters become '?'.
std::string printable(std::string_view text);

/// With a full stop at its end, unless it ends as a sentence does: in ".", "?" or "!".
std::string as_sentence(std::string text);

/// Text of many lines without anything else that a terminal would obey: control characters but newline and tab are
/// written out, as "\x1b", also those above 0x7F when they are in UTF-8.
std::string harmless(std::string_view text);

/// Columns, aligned to the left, two blanks apart; the heading is bold.
class Table {
 public:
  struct Cell {
    // A text is a cell: rows are written as lists of texts.
    // NOLINTBEGIN(google-explicit-constructor)
    Cell(std::string content, Colour paint = Colour::none) : text(std::move(content)), colour(paint) {}
    Cell(const char* content) : text(content) {}
    // NOLINTEND(google-explicit-constructor)
    std::string text;
    Colour colour = Colour::none;
  };

  explicit Table(std::vector<std::string> heading) : heading_(std::move(heading)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  std::string text(const Style& style) const;

 private:
  std::vector<std::string> heading_;
  std::vector<std::vector<Cell>> rows_;
};

/// "in 12 s", "3 min ago", "now": coarse, for a person.
std::string relative(time::WallTime at, time::WallTime now);

/// A span with one or two units: "8 ms", "1.2 s", "4 min 5 s", "3 h 20 min", "2 d 3 h".
std::string span(double seconds);

/// "12 B", "3.4 KiB".
std::string bytes(double count);

}  // namespace belfry::daemon::cli
