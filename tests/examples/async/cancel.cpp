// Cancelling: a task is asked to end, cleans up, and ends.
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <async/spawn.hpp>
#include <chrono>
#include <iostream>

namespace async = belfry::async;
using namespace std::chrono_literals;

async::Task<> long_work() {
  std::cout << "work begins\n";
  try {
    co_await async::sleep(1h);
    std::cout << "work is done\n";  // not this time
  } catch (const async::Cancelled& cancelled) {
    std::cout << "work is cancelled: " << to_string(cancelled.reason()) << "\n";
    throw;
  }
}

async::Task<> change_of_mind() {
  async::JoinHandle<> work = async::spawn(long_work(), "work");
  co_await async::sleep(10ms);
  work.cancel();
  try {
    co_await work;
  } catch (const async::Cancelled&) {
    std::cout << "work has ended\n";
  }
}

int main() { async::run(change_of_mind()); }
