#include "engine/sla.hpp"

#include <chrono>

#include "time/duration.hpp"

namespace belfry::engine {
namespace {

/// No more digits than a person reads.
std::string rounded(Duration span) {
  using namespace std::chrono_literals;
  return time::format_duration(span < 10s ? Duration(std::chrono::floor<std::chrono::milliseconds>(span))
                                          : Duration(std::chrono::floor<std::chrono::seconds>(span)));
}

}  // namespace

std::string_view to_string(SlaCheck check) noexcept {
  switch (check) {
    case SlaCheck::max_time_since_success:
      return "max_time_since_success";
    case SlaCheck::late_after:
      return "late_after";
    case SlaCheck::max_runtime:
      return "max_runtime";
    case SlaCheck::too_often:
      return "too_often";
    case SlaCheck::duration_regression:
      return "duration_regression";
  }
  return "max_time_since_success";
}

bool SlaPolicy::declares(SlaCheck check) const noexcept {
  switch (check) {
    case SlaCheck::max_time_since_success:
      return max_time_since_success.has_value();
    case SlaCheck::late_after:
      return late_after.has_value();
    case SlaCheck::max_runtime:
      return max_runtime.has_value();
    case SlaCheck::too_often:
      return too_often.has_value();
    case SlaCheck::duration_regression:
      return duration_regression.has_value();
  }
  return false;
}

std::string describe(const SlaBreached& breach) {
  const std::string value = rounded(breach.value);
  const std::string limit = time::format_duration(breach.limit);
  switch (breach.check) {
    case SlaCheck::max_time_since_success:
      return "no success for " + value + ", and " + limit + " are agreed";
    case SlaCheck::late_after:
      return (breach.run ? "a run started " + value + " after it was due" : "a slot waits since " + value) + ", and " +
             limit + " are agreed";
    case SlaCheck::max_runtime:
      return "a run has been under way for " + value + ", and " + limit + " are agreed";
    case SlaCheck::too_often:
      return std::to_string(breach.count + 1) + " runs started within " + value + ", and " +
             std::to_string(breach.count) + " within " + limit + " are agreed";
    case SlaCheck::duration_regression:
      return "the last runs took " + value + ", and by those before them up to " + rounded(breach.limit) +
             " are agreed";
  }
  return {};
}

}  // namespace belfry::engine
