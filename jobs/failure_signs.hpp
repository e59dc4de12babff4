// By what a program's output shows that it failed, although its exit code says that all was well.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "io/line_splitter.hpp"
#include "jobs/pattern.hpp"

namespace belfry::jobs {

enum class Stream : std::uint8_t { output, error };

/// Which streams may print nothing at all, and what no line of either may match. Immutable.
struct FailureSigns {
  bool standard_output = false;
  bool standard_error = false;
  std::optional<Pattern> pattern{};

  bool any() const noexcept { return standard_output || standard_error || pattern; }
};

/// The longest line that the pattern is asked about at once; of a longer one, each piece of this length.
inline constexpr std::size_t longest_judged_line = std::size_t{16} << 10U;

/// Looks at what a program prints, as it comes, for the first sign of failure. Memory: one line of each stream. One
/// thread.
class FailureWatch {
 public:
  /// `signs` are borrowed. `found`: the sentence of an earlier watch that looked at what came before; may be empty.
  explicit FailureWatch(const FailureSigns& signs, std::string found = {});

  void take(Stream stream, std::span<const char> bytes);
  /// What comes next does not go on where the last piece ended, or nothing comes any more.
  void end(Stream stream);

  /// What the first sign was, with at most a line of text in it; empty: there was none so far.
  const std::string& sentence() const noexcept { return sentence_; }

 private:
  void judge(Stream stream, std::string_view line);

  const FailureSigns& signs_;
  std::array<io::LineSplitter, 2> lines_;
  std::string sentence_;
};

}  // namespace belfry::jobs
