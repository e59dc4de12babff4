// Span: a stretch of time in the trace of a run. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "time/wall_time.hpp"

namespace belfry::daemon {

struct Span {
  enum class Status : std::uint8_t { unset, ok, error };
  using Value = std::variant<std::string, std::int64_t, double>;

  /// Another span that this one follows from.
  struct Link {
    std::string trace;
    std::string id;
  };

  std::string trace;   ///< 32 hexadecimal digits
  std::string id;      ///< 16
  std::string parent;  ///< 16; empty: it is the root
  std::string name;
  time::WallTime start;
  time::WallTime end;
  Status status = Status::unset;
  std::string message{};  ///< what went wrong, when the status is `error`; may be no UTF-8
  std::vector<std::pair<std::string_view, Value>> attributes{};  ///< the names are constants
  std::optional<Link> link{};
};

}  // namespace belfry::daemon
