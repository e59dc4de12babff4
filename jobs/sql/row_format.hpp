// RowFormat: rows as text, one after the other: CSV, JSON, JSON lines.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "jobs/sql/connection.hpp"

namespace belfry::jobs::sql {

enum class Format : std::uint8_t {
  csv,    ///< RFC 4180 with "\n": a line of names, then the rows; NULL is empty, an empty text is ""
  json,   ///< an array of objects
  jsonl,  ///< an object per line
  tsv,    ///< tabs between values, for cut(1) and awk(1): no names; tabs and breaks as \t, \n, \r, \ as \\, NULL as \N
};

/// Writes into a text of the caller's, who empties it whenever he likes. Numbers, truth values and JSON stay what they
/// are where the format has such; bytes are \x and hexadecimal digits; what is not UTF-8 becomes U+FFFD in JSON. One
/// thread at a time.
class RowFormat {
 public:
  explicit RowFormat(Format format) : format_(format) {}

  void begin(std::span<const std::string> columns, std::string& out);
  void row(std::span<const Value> values, std::string& out);
  /// The rows of a statement have ended.
  void end(std::string& out);

 private:
  void object(std::span<const Value> values, std::string& out);

  Format format_;
  std::vector<std::string> keys_;  // of JSON: "name":
  std::uint64_t rows_ = 0;
  std::uint64_t results_ = 0;
};

/// `text` as JSON writes it, in quotation marks.
void append_json_text(std::string_view text, std::string& out);

}  // namespace belfry::jobs::sql
