#include "jobs/journal_lines.hpp"

#include <cstddef>
#include <utility>

namespace belfry::jobs {

namespace {

constexpr std::size_t longest_line = std::size_t{8} << 10U;

std::size_t index_of(Stream stream) noexcept { return stream == Stream::output ? 0 : 1; }

/// Takes it away from the front of the line.
char take_priority(std::string_view& line, char otherwise) {
  if (line.size() < 3 || line[0] != '<' || line[2] != '>' || line[1] < '0' || line[1] > '7') return otherwise;
  const char priority = line[1];
  line.remove_prefix(3);
  return priority;
}

}  // namespace

JournalLines::JournalLines(std::shared_ptr<io::JournalFeed> feed, const engine::Attempt& attempt)
    : feed_(std::move(feed)), lines_{io::LineSplitter(longest_line), io::LineSplitter(longest_line)} {
  io::add_journal_field(fields_, "SYSLOG_IDENTIFIER", attempt.job);
  io::add_journal_field(fields_, "BELFRY_JOB", attempt.job);
  io::add_journal_field(fields_, "BELFRY_RUN", std::to_string(attempt.run));
  io::add_journal_field(fields_, "BELFRY_ATTEMPT", std::to_string(attempt.number));
  if (!attempt.part.empty()) io::add_journal_field(fields_, "BELFRY_PART", attempt.part);
}

void JournalLines::take(Stream stream, std::span<const char> bytes) {
  lines_[index_of(stream)].append(bytes, [&](std::string_view line) { send(stream, line); });
}

void JournalLines::end(Stream stream) {
  lines_[index_of(stream)].finish([&](std::string_view line) { send(stream, line); });
}

void JournalLines::send(Stream stream, std::string_view line) const {
  const bool output = stream == Stream::output;
  const char priority = take_priority(line, output ? '6' : '4');
  std::string record;
  record.reserve(fields_.size() + line.size() + 64);
  io::add_journal_field(record, "MESSAGE", line);
  io::add_journal_field(record, "PRIORITY", {&priority, 1});
  io::add_journal_field(record, "BELFRY_STREAM", output ? "stdout" : "stderr");
  record += fields_;
  feed_->send(std::move(record));
}

}  // namespace belfry::jobs
