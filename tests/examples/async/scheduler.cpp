// The textbook scheduler: jobs at their times, repeated or once, cancelled by number. The heap is the loop's own.
#include <async/clock.hpp>
#include <async/loop.hpp>
#include <async/periodic.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <async/spawn.hpp>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>

namespace async = belfry::async;
using namespace std::chrono_literals;
using Job = std::function<async::Task<>()>;

class Scheduler {
 public:
  int once(async::Duration delay, Job job) { return add(async::delayed(delay, job())); }
  int every(async::Duration interval, Job job) { return add(async::periodic(interval, std::move(job))); }
  bool cancel(int id) { return jobs_.erase(id) == 1; }  // dropping its handle cancels a job

 private:
  int add(async::Task<> task) {
    const int id = ++last_;
    jobs_.emplace(id, async::spawn(std::move(task), "job " + std::to_string(id)));
    return id;
  }

  std::map<int, async::JoinHandle<>> jobs_;
  int last_ = 0;
};

async::Task<> say(std::string text) {
  std::cout << text << "\n";
  co_return;
}

async::Task<> day() {
  Scheduler scheduler;
  scheduler.once(50min, [] { return say("once"); });
  const int tick = scheduler.every(20min, [] { return say("tick"); });
  const int never = scheduler.once(30min, [] { return say("never"); });
  scheduler.cancel(never);
  co_await async::sleep(70min);
  scheduler.cancel(tick);
  co_await async::sleep(40min);
  std::cout << "end\n";
}

int main() {
  async::ManualClock clock;  // of a test: this program takes no time; leave it out, and it does
  async::run(day(), async::LoopOptions().clock(clock));
}
