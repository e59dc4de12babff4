// Reads a page of /metrics the way a test wants it: the value of one sample, or that there is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace belfry::test {

/// The value of the sample that is written exactly so, labels included: value(page, R"(belfry_jobs{state="enabled"})").
inline std::optional<double> value(std::string_view page, std::string_view sample) {
  const std::string start = std::string(sample) + " ";
  std::size_t at = page.starts_with(start) ? 0 : page.find("\n" + start);
  if (at == std::string_view::npos) return std::nullopt;
  if (at != 0) ++at;
  return std::stod(std::string(page.substr(at + start.size(), 40)));
}

inline bool mentions(std::string_view page, std::string_view text) { return page.find(text) != std::string_view::npos; }

}  // namespace belfry::test
