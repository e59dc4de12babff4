// native: C++ functions by name, run on a thread pool with checked parameters.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "async/thread_pool.hpp"
#include "engine/action.hpp"
#include "jobs/parameters.hpp"

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

/// The functions that jobs may call. Filled at the start by the program, then only read: any thread.
class NativeRegistry {
 public:
  /// With `checksum` and `compress` in it.
  static NativeRegistry with_builtins();

  /// Throws std::invalid_argument for a name that is taken.
  void add(NativeFunction function);

  /// An action that calls the function, or what is wrong with its name (key "function") or a parameter. Relative paths
  /// in the parameters `path`, `paths`, `output` are the business of the function: the caller resolves them. The pool
  /// must outlive the action's runs.
  std::expected<std::shared_ptr<const engine::Action>, ParameterError> make(const std::string& name,
                                                                            const ParameterMap& parameters,
                                                                            async::ThreadPool& pool) const;

  const std::map<std::string, NativeFunction, std::less<>>& functions() const noexcept { return functions_; }

 private:
  std::map<std::string, NativeFunction, std::less<>> functions_;
};

}  // namespace belfry::jobs
