// Why does it hang, what is slow, what has leaked: the loop knows, in release builds too.
#include <async/census.hpp>
#include <async/event.hpp>
#include <async/loop.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <async/spawn.hpp>
#include <chrono>
#include <iostream>
#include <thread>

namespace async = belfry::async;
using namespace std::chrono_literals;

async::Task<> wait_for_ever(async::Event& event) { co_await event.wait(); }

async::Task<> compute() {
  co_await async::yield();
  std::this_thread::sleep_for(30ms);  // the mistake: it blocks the loop
}

async::Task<> look() {
  async::Event never;
  async::JoinHandle<> stuck = async::spawn(wait_for_ever(never), "stuck");
  async::JoinHandle<> slow = async::spawn(compute(), "slow");
  co_await slow;

  for (const async::TaskInfo& task : async::all_tasks(async::Loop::current())) {
    std::cout << task.name << " is " << to_string(task.state);
    if (!task.waits_for.empty()) std::cout << " for " << task.waits_for;
    std::cout << "\n";
  }
  for (const async::SlowPlace& place : async::Loop::current().stats().slow_places) {
    std::cout << place.task << " blocked the loop " << place.count << " time\n";
  }
}

int main() { async::run(look(), async::LoopOptions().slow_step(20ms)); }
