// Producer and consumers: a queue of two places holds the producer back, join() waits until all is dealt with.
#include <async/queue.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <async/spawn.hpp>
#include <async/task_group.hpp>
#include <chrono>
#include <iostream>
#include <string>

namespace async = belfry::async;
using namespace std::chrono_literals;

async::Task<> produce(async::Queue<std::string>& queue) {
  for (int i = 1; i <= 4; ++i) co_await queue.put("parcel " + std::to_string(i));  // waits while the queue is full
  std::cout << "all is sent\n";
}

async::Task<> consume(async::Queue<std::string>& queue, int& delivered) {
  while (std::optional<std::string> parcel = co_await queue.next()) {  // nothing once it is shut down and empty
    co_await async::sleep(5ms);
    ++delivered;
    queue.task_done();
  }
}

async::Task<> deliver() {
  async::Queue<std::string> queue(2);
  int delivered = 0;
  co_await async::with_task_group([&](async::TaskGroup& group) -> async::Task<> {
    for (int i = 0; i < 2; ++i) group.start(consume(queue, delivered), "consumer " + std::to_string(i));
    co_await produce(queue);
    co_await queue.join();
    std::cout << "all is delivered\n";
    queue.shutdown();  // the consumers end by themselves, the group waits for them
  });
  std::cout << delivered << " parcels\n";
}

int main() { async::run(deliver()); }
