#include "jobs/failure_signs.hpp"

#include <string_view>
#include <utility>

#include "jobs/cite.hpp"

namespace belfry::jobs {

namespace {

std::size_t index_of(Stream stream) noexcept { return stream == Stream::output ? 0 : 1; }

std::string stream_name(Stream stream) { return stream == Stream::output ? "standard output" : "standard error"; }

}  // namespace

FailureWatch::FailureWatch(const FailureSigns& signs, std::string found)
    : signs_(signs),
      lines_{io::LineSplitter(longest_judged_line), io::LineSplitter(longest_judged_line)},
      sentence_(std::move(found)) {}

void FailureWatch::take(Stream stream, std::span<const char> bytes) {
  if (!sentence_.empty()) return;  // one is enough
  lines_[index_of(stream)].append(bytes, [&](std::string_view line) { judge(stream, line); });
}

void FailureWatch::end(Stream stream) {
  if (!sentence_.empty()) return;
  lines_[index_of(stream)].finish([&](std::string_view line) { judge(stream, line); });
}

void FailureWatch::judge(Stream stream, std::string_view line) {
  if (!sentence_.empty()) return;
  const bool silent = stream == Stream::output ? signs_.standard_output : signs_.standard_error;
  const auto match = signs_.pattern ? signs_.pattern->find_in(line) : std::nullopt;
  if (match) {
    sentence_ =
        "a line of its " + stream_name(stream) + " matches " + cite(signs_.pattern->text()) + ": " + cite(line, *match);
  } else if (silent) {
    sentence_ = "it printed on its " + stream_name(stream) + ": " + cite(line);
  }
}

}  // namespace belfry::jobs
