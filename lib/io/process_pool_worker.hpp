// The worker's side of a ProcessPool: what main() calls first, and the functions that a worker can run.
//
//   int main(int argc, char** argv) {
//     io::WorkerFunctions functions;
//     functions.add("count primes", [](io::WorkerCall& call) { return std::to_string(primes(call.argument)); });
//     if (io::is_worker(argc, argv)) return io::run_worker(functions);
//     ...                                        // the program as ever; its ProcessPool starts it again as a worker
//   }
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "io/shared_memory.hpp"

namespace belfry::io {

/// One call, as the worker's function sees it.
struct WorkerCall {
  std::string argument;               ///< bytes; what they mean is agreed between caller and function
  std::vector<SharedMemory> buffers;  ///< in the order in which the caller shared them; the same memory, not a copy
};

/// Functions by name. A plain value.
class WorkerFunctions {
 public:
  using Function = std::function<std::string(WorkerCall&)>;

  /// `function` returns bytes; an exception of it reaches the caller as a WorkerError with the same text. Throws
  /// std::invalid_argument for a name that is taken, empty or longer than 1,000 bytes.
  void add(const std::string& name, Function function);

  /// Throws std::out_of_range, naming the functions there are.
  const Function& find(const std::string& name) const;

 private:
  std::map<std::string, Function> functions_;
};

/// Whether this process was started by a ProcessPool to be a worker.
bool is_worker(int argc, char** argv) noexcept;

/// Serves calls, one at a time, until the pool closes or ends; the process ends with its parent (PR_SET_PDEATHSIG).
/// Returns the exit code for main(): 0, or 2 when it is no worker's process or the pool sent what is no frame.
int run_worker(const WorkerFunctions& functions);

}  // namespace belfry::io
