// Errors: who gets them, and what happens to the others.
#include <async/gather.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <async/task_group.hpp>
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <vector>

namespace async = belfry::async;
using namespace std::chrono_literals;

async::Task<int> load(int id) {
  co_await async::sleep(id * 10ms);
  if (id == 2) throw std::runtime_error("page 2 is missing");
  co_return id * 100;
}

async::Task<> fail_fast() {
  try {
    co_await async::gather(load(1), load(2), load(3));
  } catch (const std::exception& error) {
    std::cout << "gather: " << error.what() << "; the others were cancelled\n";
  }
}

async::Task<> collect() {
  std::vector<async::Task<int>> tasks;
  for (int id = 1; id <= 3; ++id) tasks.push_back(load(id));
  const std::vector<async::Result<int>> results = co_await async::gather_results(std::move(tasks));
  for (const async::Result<int>& result : results) {
    std::cout << "gather_results: ";
    if (result) {
      std::cout << result.value() << "\n";
    } else {
      std::cout << "an error\n";
    }
  }
}

async::Task<> watch() {
  try {
    co_await async::sleep(1h);
  } catch (const async::Cancelled& cancelled) {
    std::cout << "watch: cancelled, " << to_string(cancelled.reason()) << "\n";
    throw;  // let it pass: the group waits for it
  }
}

async::Task<> group() {
  try {
    co_await async::with_task_group([](async::TaskGroup& tasks) -> async::Task<> {
      tasks.start(watch(), "watch");
      tasks.start(load(2), "load");
      co_return;
    });
  } catch (const std::exception& error) {
    std::cout << "with_task_group: " << error.what() << "\n";
  }
}

async::Task<> all() {
  co_await fail_fast();
  co_await collect();
  co_await group();
}

int main() { async::run(all()); }
