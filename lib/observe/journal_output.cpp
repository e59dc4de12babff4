#include "observe/journal_output.hpp"

#include <cerrno>
#include <utility>

namespace belfry::observe {

std::string journal_record(const LogRecord& record) {
  std::string out;
  io::add_journal_field(out, "MESSAGE", plain_text(record));
  io::add_journal_field(out, "PRIORITY", std::to_string(syslog_priority(record.level)));
  io::add_journal_field(out, "SYSLOG_IDENTIFIER", ::program_invocation_short_name);
  for (const LogField& field : record.fields) {
    const auto* const text = std::get_if<std::string>(&field.value);
    io::add_journal_field(out, field.name, text != nullptr ? *text : plain_text(field.value));
  }
  return out;
}

std::unique_ptr<JournalOutput> JournalOutput::connect(std::string path) {
  std::unique_ptr<JournalOutput> output(new JournalOutput(std::move(path)));
  return output->connection_.connect() ? std::move(output) : nullptr;
}

Written JournalOutput::write(const std::string& record, std::chrono::milliseconds patience) {
  switch (connection_.send(record, patience)) {
    case io::JournalSent::yes:
      return Written::yes;
    case io::JournalSent::no:
      return Written::no;
    case io::JournalSent::not_in_time:
      break;
  }
  return Written::not_in_time;
}

}  // namespace belfry::observe
