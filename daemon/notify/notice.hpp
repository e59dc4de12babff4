// What is told: the facts of one event of one job, and how they are written. Plain value, pure functions; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/entry.hpp"

namespace belfry::daemon {

struct Notice {
  std::string event;  ///< to_string(NoticeKind), or "test"
  std::string job;
  std::string host;
  ledger::WallTime at;                 ///< when it happened
  std::optional<ledger::RunId> run{};  ///< none: slots that have passed, or a test
  std::string outcome{};               ///< of the run; empty without one
  std::optional<int> exit_code{};
  std::optional<int> signal{};
  std::string message{};  ///< the run's, one sentence; may be empty
  std::string trigger{};
  int attempts = 0;
  std::uint64_t failures = 0;  ///< in a row, this one included; of a recovery, those before it
  std::optional<ledger::WallTime> scheduled_at{};
  std::optional<ledger::WallTime> started_at{};
  std::optional<ledger::WallTime> ended_at{};
  std::string reason{};        ///< why slots passed; of a breach, which check of the sla; of an approval, the step
  std::uint64_t slots = 0;     ///< how many
  std::uint64_t repeated = 0;  ///< its like that were not told since the last one
  std::string output{};        ///< the end of what the run printed
  std::uint64_t number = 0;    ///< NoticePolicy counts what it tells; 0: it is not of a policy
};

/// What makes two notices of one job alike: the event, of a breach which check, and of an approval all of it.
std::string likeness(const Notice& notice);

/// One line for a person: `backup failed on db1: exit code 3 (3 failures in a row)`.
std::string summary(const Notice& notice);

/// The fact of that name, as text; empty when there is none. `name` is one of message_names().
std::string fact(const Notice& notice, std::string_view name);

/// All facts that there are, as one JSON object: {"event": "failure", "job": "backup", "summary": "...", ...}.
std::string to_json(const Notice& notice);

/// The same as variables: BELFRY_EVENT, BELFRY_SUMMARY, ...; without the output.
std::map<std::string, std::string> to_environment(const Notice& notice);

/// The last bytes of both streams as they were kept, stdout first, at most `budget`, from the beginning of a character.
std::string end_of_output(const ledger::AttemptEnded& attempt, std::uint64_t budget);

}  // namespace belfry::daemon
