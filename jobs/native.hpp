// native: C++ functions by name, run on a thread pool with checked parameters.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "jobs/action_kind.hpp"

namespace belfry::jobs {

/// Does the work on a thread of the pool. Returns a sentence for the ledger (may be empty); an exception is a failure
/// with its message. `stop` is requested when the run is cancelled: look at it now and then, and return or throw.
using NativeCall = std::function<std::string(const std::stop_token& stop)>;

/// One function: what it takes, and how a call of it is made from parameters that were checked for names already.
struct NativeFunction {
  std::string name;
  std::string summary;  ///< one line for people
  std::vector<ParameterInfo> parameters;
  /// Checks the values once, at load time. Complains to the reader; what it returns then is not used.
  std::function<NativeCall(ParameterReader& reader)> bind;
};

/// `checksum` and `compress`.
std::vector<NativeFunction> builtin_functions();

/// The kind of action that calls them, each a form of it.
ActionKind native_kind(std::vector<NativeFunction> functions);

}  // namespace belfry::jobs
