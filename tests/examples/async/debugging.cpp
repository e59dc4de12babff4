// Why does it hang, what is slow, what was forgotten: the loop knows, in release builds too.
#include <async/census.hpp>
#include <async/complaint.hpp>
#include <async/deadlock.hpp>
#include <async/lock.hpp>
#include <async/loop.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <async/spawn.hpp>
#include <chrono>
#include <iostream>
#include <thread>

namespace async = belfry::async;
using namespace std::chrono_literals;

async::Task<> transfer(async::Lock& from, async::Lock& to) {
  const async::Lock::Guard first = co_await from.acquire();
  co_await async::yield();
  const async::Lock::Guard second = co_await to.acquire();  // the other one has it, and waits for ours
}

async::Task<> compute() {
  co_await async::yield();
  std::this_thread::sleep_for(400ms);  // the mistake: it blocks the loop
}

async::Task<> look(async::Lock& north, async::Lock& south) {
  async::JoinHandle<> one = async::spawn(transfer(north, south), "north to south");
  async::JoinHandle<> two = async::spawn(transfer(south, north), "south to north");
  async::JoinHandle<> slow = async::spawn(compute(), "slow");
  co_await slow;

  const std::vector<async::TaskInfo> tasks = async::all_tasks(async::Loop::current());
  for (const async::TaskInfo& task : tasks) std::cout << task.name << " is " << to_string(task.state) << "\n";
  for (const async::Deadlock& deadlock : async::find_deadlocks(tasks)) {
    std::cout << "a circle of " << deadlock.circle.size() << "\n";  // to_string(deadlock) has both chains
  }
}

void log(const async::Complaint& complaint) {
  std::cout << to_string(complaint.kind) << ": " << complaint.task << "\n";
}

int main() {
  async::Lock north;  // they outlive the tasks, which end when look() lets go of them
  async::Lock south;
  async::run(look(north, south), async::LoopOptions().slow_step(300ms).on_complaint(log));
}
