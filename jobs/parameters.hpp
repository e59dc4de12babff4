// The parameters of file operations and native functions: declared once, checked at load time, shown to people.
//
// All values arrive as text; a list is one value per line. Plain functions, any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace belfry::jobs {

using ParameterMap = std::map<std::string, std::string>;

/// One parameter, as documentation and validation need it.
struct ParameterInfo {
  std::string_view name;
  std::string_view value;     ///< what it takes, e.g. "a path", "none, gzip or zstd"
  std::string_view fallback;  ///< what holds without it; empty with `required`
  std::string_view meaning;
  bool required = false;
  bool list = false;  ///< several values, one per line
};

/// What is wrong with a parameter map. `key` is the parameter at fault, or the missing one.
struct ParameterError {
  std::string key;
  std::string message;  ///< one sentence, e.g. "keep wants a whole number from 1 to 1000, not 'x'"
};

/// Takes parameters out of a map with checks; the first error found is kept and later ones are not.
class ParameterReader {
 public:
  /// Complains about names that `known` lacks and required ones that `map` lacks. Both must outlive the reader.
  ParameterReader(const ParameterMap& map, std::span<const ParameterInfo> known);

  std::string text(std::string_view name, std::string_view fallback = {});
  std::vector<std::string> list(std::string_view name);  ///< its lines without empty ones
  std::int64_t integer(std::string_view name, std::int64_t fallback, std::int64_t least, std::int64_t most);
  std::uint64_t size(std::string_view name, std::uint64_t fallback);  ///< bytes; "10M", "1.5 GiB" (powers of 1024)
  bool flag(std::string_view name, bool fallback);                    ///< true or false
  /// The index of the value in `choices`.
  std::size_t choice(std::string_view name, std::span<const std::string_view> choices, std::size_t fallback);

  void complain(std::string_view key, std::string message);
  const std::optional<ParameterError>& error() const noexcept { return error_; }

 private:
  const std::string* find(std::string_view name) const;

  const ParameterMap& map_;
  std::optional<ParameterError> error_;
};

/// Bytes from "4096", "64K", "10 MB", "1.5GiB"; K, M, G, T are powers of 1024 with or without B or iB. None if
/// malformed.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// For people: "12.4 MiB", "871 B".
std::string format_size(std::uint64_t bytes);

}  // namespace belfry::jobs
