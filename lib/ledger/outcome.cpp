// The names of the ledger's closed vocabularies: one table for each enum, used in both directions.
#include "ledger/outcome.hpp"

#include <array>
#include <utility>

namespace belfry::ledger {
namespace {

template <class Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Names<SlotResult, 4> slot_results{{
    {SlotResult::started, "started"},
    {SlotResult::skipped, "skipped"},
    {SlotResult::missed, "missed"},
    {SlotResult::coalesced, "coalesced"},
}};

constexpr Names<SlotReason, 21> slot_reasons{{
    {SlotReason::none, "none"},
    {SlotReason::overlap, "overlap"},
    {SlotReason::paused, "paused"},
    {SlotReason::deadline, "deadline"},
    {SlotReason::shutdown, "shutdown"},
    {SlotReason::cancelled, "cancelled"},
    {SlotReason::reloaded, "reloaded"},
    {SlotReason::holiday, "holiday"},
    {SlotReason::group, "group"},
    {SlotReason::rate, "rate"},
    {SlotReason::breaker, "breaker"},
    {SlotReason::precondition, "precondition"},
    {SlotReason::dependency, "dependency"},
    {SlotReason::last_failed, "last_failed"},
    {SlotReason::replaced, "replaced"},
    {SlotReason::down, "down"},
    {SlotReason::suspend, "suspend"},
    {SlotReason::clock_jump, "clock_jump"},
    {SlotReason::overload, "overload"},
    {SlotReason::catchup_limit, "catchup_limit"},
    {SlotReason::in_doubt, "in_doubt"},
}};

constexpr Names<Outcome, 7> outcomes{{
    {Outcome::success, "success"},
    {Outcome::failure, "failure"},
    {Outcome::timeout, "timeout"},
    {Outcome::killed, "killed"},
    {Outcome::cancelled, "cancelled"},
    {Outcome::start_error, "start_error"},
    {Outcome::lost, "lost"},
}};

constexpr Names<RunTrigger, 6> run_triggers{{
    {RunTrigger::schedule, "schedule"},
    {RunTrigger::manual, "manual"},
    {RunTrigger::catchup, "catchup"},
    {RunTrigger::recovery, "recovery"},
    {RunTrigger::dependency, "dependency"},
    {RunTrigger::watch, "watch"},
}};

template <class Enum, std::size_t N>
constexpr std::string_view name_of(const Names<Enum, N>& names, Enum value) noexcept {
  for (const auto& [candidate, name] : names) {
    if (candidate == value) return name;
  }
  return "unknown";  // only a value that was cast from a number gets here
}

template <class Enum, std::size_t N>
constexpr std::optional<Enum> value_of(const Names<Enum, N>& names, std::string_view wanted) noexcept {
  for (const auto& [value, name] : names) {
    if (name == wanted) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(SlotResult value) noexcept { return name_of(slot_results, value); }
std::string_view to_string(SlotReason value) noexcept { return name_of(slot_reasons, value); }
std::string_view to_string(Outcome value) noexcept { return name_of(outcomes, value); }
std::string_view to_string(RunTrigger value) noexcept { return name_of(run_triggers, value); }

std::optional<SlotResult> slot_result_from(std::string_view name) noexcept { return value_of(slot_results, name); }
std::optional<SlotReason> slot_reason_from(std::string_view name) noexcept { return value_of(slot_reasons, name); }
std::optional<Outcome> outcome_from(std::string_view name) noexcept { return value_of(outcomes, name); }
std::optional<RunTrigger> run_trigger_from(std::string_view name) noexcept { return value_of(run_triggers, name); }

}  // namespace belfry::ledger
