// The parameters of actions: declared once, and by that read, checked, documented and put into the JSON Schema.
//
// All values arrive as text; a list is one value per line. What stands in a map of its own has a name with dots:
// "expect.status". Plain functions, any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace belfry::jobs {

using ParameterMap = std::map<std::string, std::string>;

/// What a parameter takes.
enum class ParameterType : std::uint8_t {
  text,         ///< one line, not empty; a file or a pattern whose path is the action's own matter, too
  block,        ///< text of any length, with line breaks
  path,         ///< made absolute below the job's working directory before an action sees it
  url,          ///< a text that no message quotes
  flag,         ///< true or false
  integer,      ///< from `least` to `most`
  size,         ///< bytes; "10M", "1.5 GiB" (powers of 1024); from `least` to `most`
  duration,     ///< from `least` to `most` milliseconds
  choice,       ///< one of `choices`
  secret,       ///< a text that nobody may see, or a map {file: PATH}
  secret_file,  ///< NAME_file: the path of the file that holds the secret NAME
  map,          ///< a map of `keys`
  table,        ///< a map of texts by any name: NAME.KEY; with `secrets`, each may be a map {file: PATH}
  json,         ///< anything; arrives as JSON
};

/// One parameter.
struct ParameterInfo {
  std::string_view name;
  ParameterType type = ParameterType::text;
  std::string_view value{};     ///< what it takes, e.g. "a path"; empty: what its type says, see takes()
  std::string_view fallback{};  ///< what holds without it, in the form of a value; empty: nothing
  std::string_view meaning{};
  bool required = false;
  bool list = false;     ///< several values, one per line
  bool secrets = false;  ///< of a table: what is in it is as secret as what is of type secret
  std::int64_t least = 0;
  std::int64_t most = 0;  ///< 0: no limit
  std::span<const std::string_view> choices{};
  std::span<const ParameterInfo> keys{};
  bool program = false;  ///< of a text: something runs it, so a step of a flow puts no value of another step into it
};

/// What it takes, for people: "1 to 1000", "true or false", "none, gzip or zstd".
std::string takes(const ParameterInfo& info);

/// The declaration of a name such as "keep" or "expect.status"; nullptr: there is none.
const ParameterInfo* find_parameter(std::span<const ParameterInfo> known, std::string_view name);

/// What is wrong with a parameter map. `key` is the parameter at fault, or the missing one.
struct ParameterError {
  std::string key;
  std::string message;  ///< one sentence, e.g. "keep wants a whole number from 1 to 1000, not 'x'"
};

/// Takes parameters out of a map with checks; the first error found is kept and later ones are not. What a parameter
/// may be and what it is when it is not given says its declaration. REQUIRES: names are declared.
class ParameterReader {
 public:
  /// Complains about names that `known` lacks and required ones that `map` lacks. Both must outlive the reader.
  ParameterReader(const ParameterMap& map, std::span<const ParameterInfo> known);

  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::string text(std::string_view name);
  std::vector<std::string> list(std::string_view name);  ///< its lines without empty ones
  std::int64_t integer(std::string_view name);
  /// The same within narrower limits.
  std::int64_t integer(std::string_view name, std::int64_t fallback, std::int64_t least, std::int64_t most);
  std::uint64_t size(std::string_view name);
  std::chrono::nanoseconds duration(std::string_view name);
  bool flag(std::string_view name);
  std::size_t choice(std::string_view name);                                      ///< the index in its choices
  std::vector<std::pair<std::string, std::string>> table(std::string_view name);  ///< by key

  void complain(std::string_view key, std::string message);
  const std::optional<ParameterError>& error() const noexcept { return error_; }

 private:
  const std::string* find(std::string_view name) const;
  const ParameterInfo& info(std::string_view name) const;
  void check_required(std::span<const ParameterInfo> known, const std::string& prefix);

  const ParameterMap& map_;
  std::span<const ParameterInfo> known_;
  std::optional<ParameterError> error_;
};

/// Bytes from "4096", "64K", "10 MB", "1.5GiB"; K, M, G, T are powers of 1024 with or without B or iB. None if
/// malformed.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// For people: "12.4 MiB", "871 B".
std::string format_size(std::uint64_t bytes);

}  // namespace belfry::jobs
