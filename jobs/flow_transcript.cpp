#include "jobs/flow_transcript.hpp"

#include <string_view>

namespace belfry::jobs {

namespace {

void append(io::HeadTailBuffer& buffer, std::string_view text) { buffer.append({text.data(), text.size()}); }

void append_piece(io::HeadTailBuffer& buffer, const std::string& title, const ledger::CapturedStream& printed) {
  if (printed.total_bytes == 0) return;
  append(buffer, "--- " + title + "\n");
  append(buffer, printed.head);
  if (printed.dropped_bytes > 0) {
    append(buffer, "\n[" + std::to_string(printed.dropped_bytes) + " bytes were not kept]\n");
  }
  append(buffer, printed.tail);
  const std::string& end = printed.tail.empty() ? printed.head : printed.tail;
  if (!end.ends_with('\n')) append(buffer, "\n");
}

ledger::CapturedStream captured(const io::HeadTailBuffer& buffer) {
  return {
      .head = buffer.head(), .tail = buffer.tail(), .total_bytes = buffer.total(), .dropped_bytes = buffer.dropped()};
}

}  // namespace

void FlowTranscript::add(const std::string& title, const engine::Report& report) {
  append_piece(output_, title, report.standard_output);
  append_piece(error_, title, report.standard_error);
}

void FlowTranscript::give(engine::Report& report) const {
  report.standard_output = captured(output_);
  report.standard_error = captured(error_);
}

}  // namespace belfry::jobs
