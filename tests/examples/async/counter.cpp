// A shared counter: what an await in the middle of a change breaks, and what a Lock mends.
#include <async/gather.hpp>
#include <async/lock.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <iostream>
#include <vector>

namespace async = belfry::async;

async::Task<> add_one(int& counter) {
  const int before = counter;
  co_await async::yield();  // the others run here
  counter = before + 1;
}

async::Task<> add_one_locked(int& counter, async::Lock& lock) {
  const async::Lock::Guard guard = co_await lock.acquire();
  co_await add_one(counter);
}

async::Task<> count() {
  int lost = 0;
  int kept = 0;
  async::Lock lock;
  std::vector<async::Task<>> tasks;
  for (int i = 0; i < 100; ++i) {
    tasks.push_back(add_one(lost));
    tasks.push_back(add_one_locked(kept, lock));
  }
  co_await async::gather(std::move(tasks));
  std::cout << "without a lock: " << lost << "\n";
  std::cout << "with a lock: " << kept << "\n";
}

int main() { async::run(count()); }
