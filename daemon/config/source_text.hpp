// The text of a configuration file with its lines: turns byte offsets into places that an editor understands.
//
// Immutable after construction; safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace belfry::daemon {

/// A place in a file as editors count: line and column from 1, the column in characters (code points), not bytes.
/// Line 0: the file as a whole.
struct Place {
  int line = 0;
  int column = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

class SourceText {
 public:
  /// `name` is how messages call the file. A UTF-8 byte order mark at the start of `text` is dropped.
  SourceText(std::string name, std::string text);

  const std::string& name() const noexcept { return name_; }
  std::string_view text() const noexcept { return text_; }

  /// The place of the byte at `offset`; offsets past the end give the place just behind the last character.
  Place place_at(std::size_t offset) const noexcept;

  /// The byte offset of a zero-based line and byte column, clamped to the text.
  std::size_t offset_of(int line, int byte_column) const noexcept;

  /// The byte offset of a place; clamped to the text.
  std::size_t offset_at(Place place) const noexcept;

  /// Where the line that holds `offset` begins.
  std::size_t line_start(std::size_t offset) const noexcept;

  /// The text of a line (from 1) without its line end; empty when there is no such line.
  std::string_view line(int number) const noexcept;

 private:
  std::size_t line_index(std::size_t offset) const noexcept;
  std::size_t characters_before(std::size_t offset) const noexcept;

  std::string name_;
  std::string text_;
  std::vector<std::size_t> line_starts_;
  std::vector<std::uint32_t> characters_;  // before every stride-th byte: a long line must not make places slow
};

}  // namespace belfry::daemon
