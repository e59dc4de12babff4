#include "engine/job.hpp"

namespace belfry::engine {

std::string_view to_string(Overlap value) noexcept {
  switch (value) {
    case Overlap::forbid:
      return "forbid";
    case Overlap::allow:
      return "allow";
    case Overlap::queue:
      return "queue";
  }
  return "forbid";
}

std::string_view to_string(OnMissed value) noexcept {
  switch (value) {
    case OnMissed::skip:
      return "skip";
    case OnMissed::run_once:
      return "run_once";
  }
  return "skip";
}

}  // namespace belfry::engine
