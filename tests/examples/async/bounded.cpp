// Many requests, at most three at a time: with a Semaphore, and with concurrent_map.
#include <algorithm>
#include <async/concurrent_map.hpp>
#include <async/gather.hpp>
#include <async/run.hpp>
#include <async/semaphore.hpp>
#include <async/sleep.hpp>
#include <chrono>
#include <iostream>
#include <vector>

namespace async = belfry::async;
using namespace std::chrono_literals;

int open = 0;
int most_open = 0;

async::Task<int> request(int id) {
  most_open = std::max(most_open, ++open);
  co_await async::sleep(5ms);
  --open;
  co_return id* id;
}

async::Task<int> limited(async::Semaphore& limit, int id) {
  const async::Semaphore::Permit permit = co_await limit.acquire();
  co_return co_await request(id);
}

async::Task<> crawl() {
  async::Semaphore three(3);
  std::vector<async::Task<int>> tasks;
  for (int id = 0; id < 10; ++id) tasks.push_back(limited(three, id));
  const std::vector<int> squares = co_await async::gather(std::move(tasks));
  std::cout << squares.size() << " answers, at most " << most_open << " open\n";

  most_open = 0;
  const std::vector<int> same = co_await async::concurrent_map(3, std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, request);
  std::cout << same.size() << " answers, at most " << most_open << " open, by 3 tasks in all\n";
}

int main() { async::run(crawl()); }
