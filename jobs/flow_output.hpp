// What a step of a flow hands on: how a text is found in what it printed. Plain values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/pattern.hpp"
#include "ledger/entry.hpp"

namespace belfry::jobs {

/// The longest text that can be handed on: it must do as a variable of a program.
inline constexpr std::size_t longest_flow_output = std::size_t{64} << 10U;

/// The longest output in which `json` and `pattern` look: they are read on the loop.
inline constexpr std::size_t longest_searched_output = std::size_t{256} << 10U;

class FlowOutput {
 public:
  enum class How : std::uint8_t {
    all,        ///< all of it, without line breaks at its end
    last_line,  ///< its last line that is not empty
    variable,   ///< VALUE of its last line NAME=VALUE
    json,       ///< the value at a JSON pointer; all of it must be JSON
    pattern,    ///< what the first group of the first match of a regular expression holds, or all of the match
  };

  /// `detail`: the name of a variable, the JSON pointer, the expression. The error is a sentence without a full stop.
  static std::expected<FlowOutput, std::string> make(std::string name, How how, std::string detail = {});

  const std::string& name() const noexcept { return name_; }
  How how() const noexcept { return how_; }
  const std::string& detail() const noexcept { return detail_; }

  /// The error is a sentence that says why it has no value.
  std::expected<std::string, std::string> find_in(const ledger::CapturedStream& printed) const;

 private:
  std::string name_;
  How how_ = How::all;
  std::string detail_;
  std::optional<Pattern> pattern_;
};

/// The items of a text: the values of a JSON array if it is one, else its lines without empty ones.
std::vector<std::string> flow_items(std::string_view text);

/// For the record: at most 32 of them, and of each at most 200 bytes.
std::map<std::string, std::string> for_record(const std::map<std::string, std::string>& outputs);

/// The texts as a JSON array.
std::string flow_array(const std::vector<std::string>& texts);

}  // namespace belfry::jobs
