// A bridge for a program that is not asynchronous (yet): a loop on a thread of its own, and calls that block until it
// answers.
#include <async/bridge.hpp>
#include <async/event.hpp>
#include <async/loop.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <chrono>
#include <iostream>
#include <thread>

namespace async = belfry::async;
using namespace std::chrono_literals;

async::Task<int> lookup(int key) {
  co_await async::sleep(10ms);
  co_return key * 2;
}

async::Task<> for_ever() { co_await async::sleep(24h); }

class Bridge {
 public:
  Bridge() : thread_([this] { async::run(loop_, wait_for_stop()); }) {}
  ~Bridge() {
    loop_.call_soon_threadsafe([this] { stop_.set(); });
    thread_.join();
  }

  int lookup_now(int key) { return async::run_coroutine_threadsafe(loop_, lookup(key), "lookup").result(10s); }
  async::ThreadFuture<void> start(async::Task<> task) { return run_coroutine_threadsafe(loop_, std::move(task)); }

 private:
  async::Task<> wait_for_stop() { co_await stop_.wait(); }

  async::Loop loop_;
  async::Event stop_;
  std::thread thread_;
};

int main() {
  Bridge bridge;
  std::cout << "synchronous code gets " << bridge.lookup_now(21) << "\n";

  async::ThreadFuture<void> hanging = bridge.start(for_ever());
  try {
    hanging.result(20ms);
  } catch (const async::TimeoutError&) {
    std::cout << "no answer in time\n";
    hanging.cancel();
  }
  try {
    hanging.result();
  } catch (const async::Cancelled&) {
    std::cout << "cancelled from this thread\n";
  }
}
