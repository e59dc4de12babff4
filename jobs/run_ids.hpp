// The ids by which other systems know a run: a UUID, and its place in a trace (W3C Trace Context, level 1).
//
// All of them are made of the ledger's id and the run's number, so that they are the same for ever, whichever belfryd
// tells them, and nothing has to be kept. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "ledger/entry.hpp"

namespace belfry::jobs {

/// A UUID (version 8, RFC 9562) that is always the same for a run of a ledger, and for no other one.
std::string run_uuid(std::string_view ledger_id, ledger::RunId run);

/// The name, within its run, of one try of a step of a flow (Attempt::part): no two have the same. `item` counts from
/// 1, 0: the step runs once; `number` of the try from 1.
std::string step_part(int attempt, std::string_view step, int item, int number);

/// The trace of which a run is the root, and the spans in it. Ids are lower-case hexadecimal digits and never all zero.
class TraceIds {
 public:
  /// The trace has the digits of run_uuid().
  TraceIds(std::string_view ledger_id, ledger::RunId run);

  const std::string& trace() const noexcept { return trace_; }  ///< 32 digits
  std::string run_span() const;                                 ///< 16 digits, as those below; of the root
  std::string attempt_span(int attempt) const;                  ///< `attempt` counts from 1
  std::string wait_span() const;                                ///< of what came before the start
  std::string launch_span() const;                              ///< of the start of the first attempt
  std::string step_span(std::string_view part) const;           ///< of a try of a step: see step_part()

  /// What TRACEPARENT says to a program: what it traces hangs below that span, and is sampled.
  std::string parent_for_program(const std::string& span) const;

 private:
  std::string span(std::string_view what) const;

  std::string trace_;
};

}  // namespace belfry::jobs
