// The lines that a program prints, as records of the journal.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/action.hpp"
#include "io/journal_feed.hpp"
#include "io/line_splitter.hpp"
#include "jobs/failure_signs.hpp"

namespace belfry::jobs {

/// Both streams of one attempt. A line has PRIORITY 6 (info) on standard output and 4 (warning) on standard error, or
/// what it says itself by "<3>" in front, as under systemd (sd-daemon(3)); one that is longer than 8 KiB is several
/// records. One thread.
class JournalLines {
 public:
  JournalLines(std::shared_ptr<io::JournalFeed> feed, const engine::Attempt& attempt);

  void take(Stream stream, std::span<const char> bytes);
  /// The last line, which has no end.
  void end(Stream stream);

 private:
  void send(Stream stream, std::string_view line) const;

  std::shared_ptr<io::JournalFeed> feed_;
  std::string fields_;  // those that all of the records have
  std::array<io::LineSplitter, 2> lines_;
};

}  // namespace belfry::jobs
