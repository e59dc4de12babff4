// Records of the log in the journal's own protocol (io/journal.hpp).
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "io/journal.hpp"
#include "observe/log_format.hpp"
#include "observe/log_output.hpp"

namespace belfry::observe {

/// The record as a datagram: MESSAGE as a line of text has it, PRIORITY, SYSLOG_IDENTIFIER, and each field by its name
/// in capitals (`journalctl JOB=backup`). About 16 KiB at most: fields that would make it longer are left out.
std::string journal_record(const LogRecord& record);

class JournalOutput final : public LogOutput {
 public:
  /// Nothing when nobody listens at `path`.
  static std::unique_ptr<JournalOutput> connect(std::string path);

  /// Connects again if journald was started anew.
  Written write(const std::string& record, std::chrono::milliseconds patience) override;

 private:
  explicit JournalOutput(std::string path) : connection_(std::move(path)) {}

  io::JournalConnection connection_;
};

}  // namespace belfry::observe
