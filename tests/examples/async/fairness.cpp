// An async function runs on until it awaits something that makes it wait: yield() gives the others a turn.
#include <async/gather.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <iostream>
#include <string>

namespace async = belfry::async;

async::Task<> selfish(std::string name) {
  for (int i = 0; i < 3; ++i) std::cout << " " << name << i;
  co_return;
}

async::Task<> fair(std::string name) {
  for (int i = 0; i < 3; ++i) {
    std::cout << " " << name << i;
    co_await async::yield();  // asyncio.sleep(0)
  }
}

async::Task<> count() {
  co_await async::gather(selfish("a"), selfish("b"));
  std::cout << "\n";
  co_await async::gather(fair("a"), fair("b"));
  std::cout << "\n";
}

int main() { async::run(count()); }
