// Extract, transform, load: a pipeline of generators. Each stage asks the one before it, so nothing piles up.
#include <async/pipeline.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

namespace async = belfry::async;
using namespace std::chrono_literals;

struct Order {
  int id = 0;
  int cents = 0;
};

async::AsyncGenerator<std::string> extract() {
  for (const char* line : {"1 1250", "2 -1", "3 300", "4 999", "5 42"}) {
    co_await async::sleep(1ms);  // a file or a socket would make us wait
    co_yield line;
  }
}

Order parse(const std::string& line) {
  const std::size_t blank = line.find(' ');
  return {std::stoi(line.substr(0, blank)), std::stoi(line.substr(blank + 1))};
}

async::Task<int> load(std::vector<Order> orders) {
  co_await async::sleep(1ms);  // one round trip for each batch
  int sum = 0;
  for (const Order& order : orders) sum += order.cents;
  std::cout << orders.size() << " orders stored, " << sum << " cents\n";
  co_return sum;
}

async::Task<> etl() {
  const std::vector<int> sums =
      co_await (extract() | async::map(parse) | async::filter([](const Order& order) { return order.cents > 0; }) |
                async::batch(2) | async::map(load) | async::collect());
  std::cout << sums.size() << " batches\n";
}

int main() { async::run(etl()); }
