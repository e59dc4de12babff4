// What an answer must be like for a run to succeed, and the sentence that says what it was instead.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/http_client.hpp"
#include "jobs/parameters.hpp"
#include "jobs/pattern.hpp"

namespace belfry::jobs {

/// Which statuses are well: numbers and ranges.
class StatusSet {
 public:
  /// "200", "200-299"; none: it is neither, or not within 100 to 599.
  static std::optional<StatusSet> parse(const std::vector<std::string>& parts);

  bool contains(int status) const noexcept;
  /// "200-299, 404".
  const std::string& text() const noexcept { return text_; }

 private:
  std::vector<std::pair<int, int>> ranges_;
  std::string text_;
};

struct HttpExpectation {
  StatusSet status;
  std::vector<std::pair<std::string, Pattern>> headers;  ///< names in lower case
  std::optional<Pattern> body;
  std::vector<std::pair<std::string, std::string>> json;  ///< by JSON pointer: a text, or a number, true, false, null
  std::optional<std::chrono::nanoseconds> max_latency;
  int certificate_days = 0;  ///< 0: not looked at

  bool reads_body() const noexcept { return body || !json.empty(); }
};

/// Reads `expect` of an http action.
HttpExpectation read_expectation(ParameterReader& reader);

/// The first thing that is not as expected, as a sentence; none: all is well. Does not look at the body.
std::optional<std::string> head_mismatch(const HttpExpectation& expected, const io::HttpAnswer& answer,
                                         std::chrono::nanoseconds latency, std::chrono::system_clock::time_point now);

/// The same of the body alone. Takes time in proportion to it: for a thread pool.
std::optional<std::string> body_mismatch(const HttpExpectation& expected, std::string_view body);

}  // namespace belfry::jobs
