// Processes that work on one shared array: nothing is copied, and a crash takes a worker along, not the program.
#include <async/gather.hpp>
#include <async/run.hpp>
#include <cstdlib>
#include <io/process_pool.hpp>
#include <io/process_pool_worker.hpp>
#include <io/shared_memory.hpp>
#include <iostream>
#include <numeric>
#include <span>
#include <string>

namespace async = belfry::async;
namespace io = belfry::io;

std::string square(io::WorkerCall& call) {  // runs in a worker; the argument says which part is its own
  const std::span<double> all = call.buffers.front().as<double>();
  const std::size_t half = all.size() / 2;
  for (double& value : call.argument == "first" ? all.first(half) : all.subspan(half)) value *= value;
  return call.argument + " half is done";
}

std::string crash(io::WorkerCall&) { std::_Exit(3); }

async::Task<> work() {
  io::ProcessPool pool(io::ProcessPoolOptions("squares").workers(2));
  const io::SharedMemory memory(1'000 * sizeof(double));
  const std::span<double> numbers = memory.as<double>();
  std::iota(numbers.begin(), numbers.end(), 1.0);

  const auto [first, second] = co_await async::gather(pool.run("square", "first", io::ProcessCall().share(memory)),
                                                      pool.run("square", "second", io::ProcessCall().share(memory)));
  std::cout << first << ", " << second << "\n";
  std::cout << numbers[0] << " " << numbers[1] << " .. " << numbers[999] << "\n";

  try {
    co_await pool.run("crash");
  } catch (const io::WorkerDied&) {
    std::cout << "a worker died and was replaced\n";
  }
  co_await pool.aclose();
}

int main(int argc, char** argv) {
  io::WorkerFunctions functions;
  functions.add("square", square);
  functions.add("crash", crash);
  if (io::is_worker(argc, argv)) return io::run_worker(functions);  // this very program is its own worker
  async::run(work());
}
