#include "async/thread_pool.hpp"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <latch>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "async/cancel.hpp"
#include "async/gather.hpp"
#include "async/loop.hpp"
#include "async/run.hpp"
#include "async/semaphore.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"

using namespace belfry::async;

namespace {

// A function that is inside until it is let out: the test decides when.
struct Gate {
  std::binary_semaphore inside{0};
  std::binary_semaphore out{0};

  int pass(int value) {
    inside.release();
    out.acquire();
    return value;
  }
};

std::string name_of_this_thread() {
  char name[16] = {};
  pthread_getname_np(pthread_self(), name, sizeof name);
  return name;
}

// Waits for another thread to bring the pool into a state that is on its way.
template <class Condition>
void wait_until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

template <class Condition>
Task<> until(Condition condition) {
  while (!condition()) co_await sleep(std::chrono::microseconds(50));
}

}  // namespace

TEST_CASE("a function runs on a thread of the pool and its result comes back to the loop", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker").threads(2));
  CHECK(pool.stats().threads == 0);
  run([](ThreadPool& threads) -> Task<> {
    const auto loop_thread = std::this_thread::get_id();
    const std::thread::id function_thread = co_await threads.run([] { return std::this_thread::get_id(); });
    CHECK(function_thread != loop_thread);
    CHECK(std::this_thread::get_id() == loop_thread);
    const std::string name = co_await to_thread(threads, name_of_this_thread);
    CHECK(name.starts_with("worker-"));
  }(pool));
  const ThreadPoolStats stats = pool.stats();
  CHECK(stats.threads == 2);
  CHECK(stats.completed == 2);
  CHECK(stats.busy == 0);
}

TEST_CASE("arguments are moved in, results are moved out", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker"));
  run([](ThreadPool& threads) -> Task<> {
    auto number = std::make_unique<int>(20);
    auto doubled = co_await threads.run(
        [](std::unique_ptr<int> value, int more) { return std::make_unique<int>(*value * 2 + more); },
        std::move(number), 2);
    CHECK(*doubled == 42);
    bool ran = false;
    co_await threads.run([](bool* flag) { *flag = true; }, &ran);
    CHECK(ran);
  }(pool));
}

TEST_CASE("an exception of the function is thrown at the await", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker"));
  run([](ThreadPool& threads) -> Task<> {
    std::string what;
    try {
      co_await threads.run([] { throw std::runtime_error("disk on fire"); });
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "disk on fire");
  }(pool));
  CHECK(pool.stats().completed == 1);
}

TEST_CASE("long names are cut to what the kernel keeps, signals stay with the loop", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("a-very-long-pool-name"));
  run([](ThreadPool& threads) -> Task<> {
    const std::string name = co_await threads.run(name_of_this_thread);
    CHECK(name.substr(0, 14) == "a-very-long-p-");
    CHECK(name.size() == 15);
    const bool blocked = co_await threads.run([] {
      sigset_t mask;
      pthread_sigmask(SIG_SETMASK, nullptr, &mask);
      return sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGCHLD) == 1;
    });
    CHECK(blocked);
  }(pool));
}

TEST_CASE("a pool never runs more functions at a time than it has threads", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker").threads(3));
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  run([](ThreadPool& threads, std::atomic<int>& inside, std::atomic<int>& peak) -> Task<> {
    const auto work = [&inside, &peak] {
      const int here = ++inside;
      for (int seen = peak; seen < here && !peak.compare_exchange_weak(seen, here);) continue;
      std::this_thread::yield();
      --inside;
      return 1;
    };
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 500; ++i) tasks.push_back(threads.run(work));
    const std::vector<int> results = co_await gather(std::move(tasks));
    CHECK(results.size() == 500);
  }(pool, now, most));
  CHECK(most <= 3);
  const ThreadPoolStats stats = pool.stats();
  CHECK(stats.threads <= 3);
  CHECK(stats.completed == 500);

  CHECK(stats.waits.count() == 500);
}

TEST_CASE("an idle thread takes the next function, no new one starts", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker").threads(16));
  run([](ThreadPool& threads) -> Task<> {
    for (int i = 0; i < 50; ++i) {
      co_await threads.run([] {});
      // The thread may not be back at the queue yet; then another one is right.
      co_await until([&threads] { return threads.stats().busy == 0; });
    }
  }(pool));
  CHECK(pool.stats().threads <= 5);  // four start together
}

TEST_CASE("statistics are read from another thread while functions run and wait", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker").threads(1));
  Gate gate;
  std::thread reader([&] {
    gate.inside.acquire();
    wait_until([&] { return pool.stats().queued == 2; });
    CHECK(pool.stats().busy == 1);
    CHECK(pool.stats().threads == 1);
    gate.out.release();
  });
  run([](ThreadPool& threads, Gate& door) -> Task<> {
    std::vector<Task<int>> tasks;
    tasks.push_back(threads.run(&Gate::pass, &door, 1));
    tasks.push_back(threads.run([] { return 2; }));
    tasks.push_back(threads.run([] { return 3; }));
    const std::vector<int> results = co_await gather(std::move(tasks));
    CHECK(results == std::vector{1, 2, 3});
  }(pool, gate));
  reader.join();
}

TEST_CASE("a full queue refuses at once and says so", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker").threads(1).queue_limit(1));
  Gate gate;
  run([](ThreadPool& threads, Gate& door) -> Task<> {
    JoinHandle<int> running = spawn(threads.run(&Gate::pass, &door, 1), SpawnOptions("running"));
    co_await until([&] { return threads.stats().busy == 1; });
    JoinHandle<int> queued = spawn(threads.run([] { return 2; }), SpawnOptions("queued"));
    co_await until([&] { return threads.stats().queued == 1; });
    CHECK_THROWS_AS(co_await threads.run([] { return 3; }), ThreadPoolFull);
    CHECK(threads.stats().rejected == 1);
    door.out.release();
    const int first = co_await running;
    const int second = co_await queued;
    CHECK(first == 1);
    CHECK(second == 2);
  }(pool, gate));
}

TEST_CASE("a task cancelled before a thread took its function: the function never runs", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker").threads(1));
  Gate gate;
  std::atomic<bool> ran = false;
  run([](ThreadPool& threads, Gate& door, std::atomic<bool>& flag) -> Task<> {
    JoinHandle<int> running = spawn(threads.run(&Gate::pass, &door, 1), SpawnOptions("running"));
    co_await until([&] { return threads.stats().busy == 1; });
    JoinHandle<> queued = spawn(threads.run([&flag] { flag = true; }), SpawnOptions("queued"));
    co_await until([&] { return threads.stats().queued == 1; });
    queued.cancel(CancelReason::user);
    CHECK_THROWS_AS(co_await queued, Cancelled);
    CHECK(threads.stats().queued == 0);
    CHECK(threads.stats().withdrawn == 1);
    door.out.release();
    co_await running;
  }(pool, gate, ran));
  CHECK_FALSE(ran);
}

TEST_CASE("a cancelled task waits for its running function, then throws Cancelled", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker"));
  Gate gate;
  run([](ThreadPool& threads, Gate& door) -> Task<> {
    JoinHandle<int> running = spawn(threads.run(&Gate::pass, &door, 1), SpawnOptions("running"));
    co_await until([&] { return threads.stats().busy == 1; });
    running.cancel(CancelReason::user);
    co_await yield();
    co_await yield();
    CHECK_FALSE(running.done());
    CHECK(threads.stats().busy == 1);
    door.out.release();
    CHECK_THROWS_AS(co_await running, Cancelled);
    CHECK(threads.stats().completed == 1);
    CHECK(threads.stats().abandonments == 0);
  }(pool, gate));
}

TEST_CASE("a function that takes a stop_token learns of the cancellation", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker"));
  std::atomic<bool> saw_stop = false;
  run([](ThreadPool& threads, std::atomic<bool>& saw) -> Task<> {
    const auto patient = [&saw](std::stop_token stop, int) {
      wait_until([&stop] { return stop.stop_requested(); });
      saw = true;
    };
    JoinHandle<> running = spawn(threads.run(patient, 7), SpawnOptions("running"));
    co_await until([&] { return threads.stats().busy == 1; });
    running.cancel(CancelReason::shutdown);
    CHECK_THROWS_AS(co_await running, Cancelled);
  }(pool, saw_stop));
  CHECK(saw_stop);
}

TEST_CASE("an abandoned function runs on, counted, and its thread is replaced", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker").threads(1));
  Gate gate;
  run([](ThreadPool& threads, Gate& door) -> Task<> {
    JoinHandle<int> stuck = spawn(threads.run(OnCancel::abandon, &Gate::pass, &door, 1), SpawnOptions("stuck"));
    co_await until([&] { return threads.stats().busy == 1; });
    stuck.cancel(CancelReason::user);
    CHECK_THROWS_AS(co_await stuck, Cancelled);
    CHECK(threads.stats().abandoned == 1);
    CHECK(threads.stats().busy == 0);
    const int next = co_await threads.run([] { return 5; });
    CHECK(next == 5);
    CHECK(threads.stats().threads == 2);
    door.out.release();
    co_await until([&] { return threads.stats().threads == 1; });
    CHECK(threads.stats().abandoned == 0);
    CHECK(threads.stats().abandonments == 1);
    CHECK(threads.stats().completed == 2);
  }(pool, gate));
}

TEST_CASE("beyond the limit a function is not abandoned but waited for", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker").threads(1).abandoned_limit(0));
  Gate gate;
  run([](ThreadPool& threads, Gate& door) -> Task<> {
    JoinHandle<int> stuck = spawn(threads.run(OnCancel::abandon, &Gate::pass, &door, 1), SpawnOptions("stuck"));
    co_await until([&] { return threads.stats().busy == 1; });
    stuck.cancel(CancelReason::user);
    co_await yield();
    co_await yield();
    CHECK_FALSE(stuck.done());
    door.out.release();
    CHECK_THROWS_AS(co_await stuck, Cancelled);
  }(pool, gate));
}

TEST_CASE("a pool that goes away does not wait for an abandoned function", "[thread_pool]") {
  const auto gate = std::make_shared<Gate>();
  const auto ended = std::make_shared<std::latch>(1);
  {
    ThreadPool pool(ThreadPoolOptions("worker"));
    run([](ThreadPool& threads, std::shared_ptr<Gate> door, std::shared_ptr<std::latch> end) -> Task<> {
      const auto stuck_function = [door, end] {
        door->pass(1);
        end->count_down();
      };
      JoinHandle<> stuck = spawn(threads.run(OnCancel::abandon, stuck_function), SpawnOptions("stuck"));
      co_await until([&] { return threads.stats().busy == 1; });
      stuck.cancel(CancelReason::shutdown);
      CHECK_THROWS_AS(co_await stuck, Cancelled);
    }(pool, gate, ended));
  }
  gate->out.release();
  ended->wait();
}

TEST_CASE("a closed pool refuses, ends what runs, and drops what is queued", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker").threads(1));
  Gate gate;
  run([](ThreadPool& threads, Gate& door) -> Task<> {
    JoinHandle<int> running = spawn(threads.run(&Gate::pass, &door, 1), SpawnOptions("running"));
    co_await until([&] { return threads.stats().busy == 1; });
    JoinHandle<int> queued = spawn(threads.run([] { return 2; }), SpawnOptions("queued"));
    co_await until([&] { return threads.stats().queued == 1; });
    threads.close();
    CHECK_THROWS_AS(co_await queued, ThreadPoolClosed);
    CHECK_THROWS_AS(co_await threads.run([] { return 3; }), ThreadPoolClosed);
    door.out.release();
    const int first = co_await running;
    CHECK(first == 1);
  }(pool, gate));
}

TEST_CASE("a pool needs a thread", "[thread_pool]") {
  CHECK_THROWS_AS(ThreadPool(ThreadPoolOptions("none").threads(0)), std::invalid_argument);
}

TEST_CASE("two loops share a pool", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker").threads(2));
  // Both loops live until the end: libuv closes descriptors behind ThreadSanitizer's back, and a reused one looks racy.
  Loop first;
  Loop second;
  const auto serve = [&pool](Loop& loop) {
    run(loop, [](ThreadPool& threads) -> Task<> {
      const auto loop_thread = std::this_thread::get_id();
      for (int i = 0; i < 200; ++i) {
        const int result = co_await threads.run([](int value) { return value + 1; }, i);
        const bool right = result == i + 1 && std::this_thread::get_id() == loop_thread;
        if (!right) throw std::logic_error("a result went astray");
      }
    }(pool));
  };
  std::thread other([&] { serve(second); });
  serve(first);
  other.join();
  CHECK(pool.stats().completed == 400);
}

TEST_CASE("a limit of one kind of calls lets no more of them run, and the others pass", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker").threads(3));
  run([](ThreadPool& threads) -> Task<> {
    Semaphore one(1);
    Gate gate;
    JoinHandle<int> held = spawn(threads.run(one, &Gate::pass, &gate, 1));
    co_await threads.run([&gate] { gate.inside.acquire(); });
    bool begun = false;
    auto begin = [&begun] { return begun = true; };
    JoinHandle<bool> behind = spawn(to_thread(threads, one, begin));
    co_await threads.run([] {});
    CHECK(one.statistics().waiting == 1);
    CHECK_FALSE(begun);
    gate.out.release();
    const int value = co_await held;
    CHECK(value == 1);
    const bool passed = co_await behind;
    CHECK(passed);
    CHECK(one.statistics().available == 1);
  }(pool));
}

TEST_CASE("to_thread without a pool runs on that of the process", "[thread_pool]") {
  run([]() -> Task<> {
    const std::string name = co_await to_thread(name_of_this_thread);
    CHECK(name.starts_with("to_thread-"));
    const int sum = co_await to_thread([](int a, int b) { return a + b; }, 2, 3);
    CHECK(sum == 5);
    CHECK(default_thread_pool().stats().completed >= 2);
  }());
}

TEST_CASE("more calls at once than go in one batch all come back, whoever is cancelled", "[thread_pool]") {
  ThreadPool pool(ThreadPoolOptions("worker").threads(2));
  run([](ThreadPool& threads) -> Task<> {
    std::vector<JoinHandle<int>> calls;
    for (int i = 0; i < 200; ++i) calls.push_back(spawn(threads.run([](int value) { return value; }, i)));
    co_await sleep(std::chrono::nanoseconds(0));
    for (std::size_t i = 0; i < calls.size(); i += 7) calls[i].cancel();
    int sum = 0;
    int cancelled = 0;
    for (JoinHandle<int>& call : calls) {
      try {
        const int value = co_await call;
        sum += value;
      } catch (const Cancelled&) {
        ++cancelled;
      }
    }
    CHECK(cancelled <= 29);
    CHECK(sum > 0);
  }(pool));
  CHECK(pool.stats().completed + pool.stats().withdrawn == 200);
}
