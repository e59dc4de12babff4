#include "engine/policies.hpp"

namespace belfry::engine {

std::string_view to_string(Overlap value) noexcept {
  switch (value) {
    case Overlap::forbid:
      return "forbid";
    case Overlap::allow:
      return "allow";
    case Overlap::queue:
      return "queue";
    case Overlap::replace:
      return "replace";
    case Overlap::cancel_other:
      return "cancel_other";
  }
  return "forbid";
}

std::string_view to_string(OnMissed value) noexcept {
  switch (value) {
    case OnMissed::skip:
      return "skip";
    case OnMissed::run_once:
      return "run_once";
    case OnMissed::run_all:
      return "run_all";
  }
  return "skip";
}

std::string_view to_string(Guarantee value) noexcept {
  return value == Guarantee::at_most_once ? "at_most_once" : "at_least_once";
}

std::string_view to_string(OnFull value) noexcept { return value == OnFull::queue ? "queue" : "skip"; }

std::string_view to_string(DependencyEnd value) noexcept {
  switch (value) {
    case DependencyEnd::success:
      return "success";
    case DependencyEnd::failure:
      return "failure";
    case DependencyEnd::done:
      return "done";
  }
  return "success";
}

}  // namespace belfry::engine
