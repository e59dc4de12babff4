#include "engine/status.hpp"

namespace belfry::engine {

std::string_view to_string(WaitsFor value) noexcept {
  switch (value) {
    case WaitsFor::turn:
      return "turn";
    case WaitsFor::group:
      return "group";
    case WaitsFor::budget:
      return "budget";
    case WaitsFor::precondition:
      return "precondition";
  }
  return "turn";
}

}  // namespace belfry::engine
