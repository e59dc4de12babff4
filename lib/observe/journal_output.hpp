// The journal's own protocol: one datagram for each record, with its fields (systemd.io/JOURNAL_NATIVE_PROTOCOL).
#pragma once

#include <memory>
#include <string>

#include "observe/log_format.hpp"
#include "observe/log_output.hpp"

namespace belfry::observe {

/// Where journald listens.
inline constexpr const char* journal_socket = "/run/systemd/journal/socket";

/// The record as a datagram: MESSAGE as a line of text has it, PRIORITY, SYSLOG_IDENTIFIER, and each field by its name
/// in capitals (`journalctl JOB=backup`). Text of others cannot break out of its field. About 16 KiB at most: a
/// datagram holds that much by any sysctl, so no memfd is needed. Fields that would make it longer are left out.
std::string journal_record(const LogRecord& record);

class JournalOutput final : public LogOutput {
 public:
  /// Nothing when nobody listens at `path`.
  static std::unique_ptr<JournalOutput> connect(std::string path);
  ~JournalOutput() override;

  /// Connects again if journald was started anew.
  Written write(const std::string& record, std::chrono::milliseconds patience) override;

 private:
  explicit JournalOutput(std::string path) : path_(std::move(path)) {}
  bool connect();

  std::string path_;
  int fd_ = -1;
};

}  // namespace belfry::observe
