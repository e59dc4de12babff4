// Why a request by hand was not carried out.
#pragma once

#include <cstdint>
#include <string>

namespace belfry::engine {

struct Refusal {
  enum class Kind : std::uint8_t {
    not_found,  ///< no such job or run
    policy,     ///< overlap, a full group, disabled or draining forbids it
  };
  Kind kind = Kind::not_found;
  std::string message;  ///< a sentence that tells what to do
};

}  // namespace belfry::engine
