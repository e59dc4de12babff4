#include "jobs/run_ids.hpp"

#include <algorithm>

#include "jobs/digest.hpp"

namespace belfry::jobs {
namespace {

constexpr std::size_t span_digits = 16;

}  // namespace

std::string run_uuid(std::string_view ledger_id, ledger::RunId run) {
  std::string hex = sha256(std::string(ledger_id) + "/" + std::to_string(run)).substr(0, 32);
  hex[12] = '8';                                          // the version: made as its maker likes
  hex[16] = "89ab"[static_cast<unsigned>(hex[16]) & 3U];  // the variant
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

std::string step_part(int attempt, std::string_view step, int item, int number) {
  return std::to_string(attempt) + "." + std::string(step) + "." + std::to_string(item) + "." + std::to_string(number);
}

TraceIds::TraceIds(std::string_view ledger_id, ledger::RunId run) : trace_(run_uuid(ledger_id, run)) {
  std::erase(trace_, '-');
}

std::string TraceIds::run_span() const { return span("run"); }

std::string TraceIds::attempt_span(int attempt) const { return span("attempt " + std::to_string(attempt)); }

std::string TraceIds::wait_span() const { return span("wait"); }

std::string TraceIds::launch_span() const { return span("launch"); }

std::string TraceIds::step_span(std::string_view part) const { return span("step " + std::string(part)); }

std::string TraceIds::parent_for_program(const std::string& span) const { return "00-" + trace_ + "-" + span + "-01"; }

std::string TraceIds::span(std::string_view what) const {
  std::string hex = sha256(trace_ + "/" + std::string(what)).substr(0, span_digits);
  if (hex.find_first_not_of('0') == std::string::npos) hex.back() = '1';  // all zero is no id
  return hex;
}

}  // namespace belfry::jobs
