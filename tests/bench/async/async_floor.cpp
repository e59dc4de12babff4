// The floor: the least code that does the same in one thread, without names, places, cancellation or exceptions. Frames
// come from belfry's pool, so that a ratio to it is what the rest of the runtime costs. Also a bare timerfd loop, and
// libuv's own thread pool.
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <uv.h>

#include <coroutine>
#include <random>
#include <utility>

#include "async/frame_pool.hpp"
#include "measure.hpp"

using bench::Figures;

namespace {

volatile std::uint64_t sink = 0;

struct Promise {
  static void* operator new(std::size_t size) { return belfry::async::frame_allocate(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { belfry::async::frame_free(frame, size); }
  std::suspend_always initial_suspend() const noexcept { return {}; }
  void unhandled_exception() const noexcept {}
  std::coroutine_handle<> continuation = std::noop_coroutine();
  std::coroutine_handle<Promise> next;  // in a queue
  std::size_t* left = nullptr;          // a job's group
};

// --- a value that is awaited
struct Value {
  struct promise_type : Promise {
    std::uint64_t value = 0;
    Value get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    void return_value(std::uint64_t result) { value = result; }
    struct Final {
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
        return self.promise().continuation;
      }
      void await_resume() const noexcept {}
    };
    Final final_suspend() const noexcept { return {}; }
  };
  std::coroutine_handle<promise_type> handle;
  ~Value() { handle.destroy(); }
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) const noexcept {
    handle.promise().continuation = parent;
    return handle;
  }
  std::uint64_t await_resume() const noexcept { return handle.promise().value; }
};

// --- a job that runs beside others, and the queue of those that can run
struct Job {
  struct promise_type : Promise {
    Job get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    void return_void() const noexcept {}
    std::suspend_never final_suspend() const noexcept {
      --*left;
      return {};
    }
  };
  std::coroutine_handle<promise_type> handle;
};
using Handle = std::coroutine_handle<Promise>;

Handle base(std::coroutine_handle<Job::promise_type> handle) {
  return Handle::from_promise(static_cast<Promise&>(handle.promise()));
}

class Fifo {
 public:
  bool empty() const { return !first_; }
  void push(Handle handle) {
    handle.promise().next = nullptr;
    (first_ ? last_.promise().next : first_) = handle;
    last_ = handle;
  }
  Handle pop() { return std::exchange(first_, first_.promise().next); }

 private:
  Handle first_;
  Handle last_;
};

Fifo ready;

void run_all(std::size_t& left) {
  while (left > 0) ready.pop().resume();
}

void start(Job job, std::size_t& left) {
  job.handle.promise().left = &left;
  ++left;
  ready.push(base(job.handle));
}

struct Yield {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<Job::promise_type> self) const { ready.push(base(self)); }
  void await_resume() const noexcept {}
};

class Permits {
 public:
  explicit Permits(std::size_t count) : free_(count) {}
  auto acquire() {
    struct Acquire {
      Permits& permits;
      bool await_ready() const noexcept { return permits.free_ > 0 && (--permits.free_, true); }
      void await_suspend(std::coroutine_handle<Job::promise_type> self) const { permits.waiters_.push(base(self)); }
      void await_resume() const noexcept {}
    };
    return Acquire{*this};
  }
  void release() {
    if (waiters_.empty()) {
      ++free_;
    } else {
      ready.push(waiters_.pop());
    }
  }

 private:
  std::size_t free_;
  Fifo waiters_;
};

class Ring {
 public:
  explicit Ring(std::size_t capacity) : room_(capacity), filled_(0), slots_(capacity) {}
  auto room() { return room_.acquire(); }
  auto item() { return filled_.acquire(); }
  void put(std::uint64_t item) {
    slots_[in_++ % slots_.size()] = item;
    filled_.release();
  }
  std::uint64_t take() {
    const std::uint64_t item = slots_[out_++ % slots_.size()];
    room_.release();
    return item;
  }

 private:
  Permits room_;
  Permits filled_;
  std::vector<std::uint64_t> slots_;
  std::size_t in_ = 0;
  std::size_t out_ = 0;
};

Value ready_value(std::uint64_t value) { co_return value; }
Job nothing() { co_return; }
Job yields(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) co_await Yield();
}
Job contender(Permits& permits) {
  for (std::size_t i = 0; i < bench::turns; ++i) {
    co_await permits.acquire();
    co_await Yield();
    permits.release();
  }
}

Figures await_ready() {
  double ns = 0;
  auto job = [&]() -> Job {
    const std::int64_t began = bench::cpu_ns();
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bench::awaits; ++i) sum += co_await ready_value(i);
    sink = sum;
    ns = bench::each(began, bench::awaits);
  };
  std::size_t left = 0;
  start(job(), left);
  run_all(left);
  return {{"await_ready", ns}};
}

Figures spawn() {
  std::size_t left = 0;
  const std::int64_t began = bench::cpu_ns();
  for (std::size_t done = 0; done < bench::spawns; done += bench::batch) {
    for (std::size_t i = 0; i < bench::batch; ++i) start(nothing(), left);
    run_all(left);
  }
  return {{"spawn", bench::each(began, bench::spawns)}};
}

double yielding(std::size_t tasks, std::size_t all) {
  std::size_t left = 0;
  const std::int64_t began = bench::cpu_ns();
  for (std::size_t i = 0; i < tasks; ++i) start(yields(all / tasks), left);
  run_all(left);
  return bench::each(began, all);
}

Figures switch_2() { return {{"switch_2", yielding(2, bench::switches)}}; }
Figures switch_1000() { return {{"switch_1000", yielding(1000, bench::switches)}}; }
Figures gather_10k() { return {{"gather_10k", yielding(10'000, 10'000)}}; }
Figures gather_100k() { return {{"gather_100k", yielding(100'000, 100'000)}}; }

double contended(std::size_t permits) {
  Permits limit(permits);
  std::size_t left = 0;
  const std::int64_t began = bench::cpu_ns();
  for (std::size_t i = 0; i < bench::contenders; ++i) start(contender(limit), left);
  run_all(left);
  return bench::each(began, bench::contenders * bench::turns);
}

Figures lock() { return {{"lock", contended(1)}}; }
Figures semaphore() { return {{"semaphore", contended(10)}}; }

double queueing(std::size_t capacity) {
  Ring ring(capacity);
  auto produce = [&]() -> Job {
    for (std::size_t i = 0; i < bench::items; ++i) {
      co_await ring.room();
      ring.put(i);
    }
  };
  auto consume = [&]() -> Job {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bench::items; ++i) {
      co_await ring.item();
      sum += ring.take();
    }
    sink = sum;
  };
  std::size_t left = 0;
  const std::int64_t began = bench::cpu_ns();
  start(produce(), left);
  start(consume(), left);
  run_all(left);
  return bench::each(began, bench::items);
}

Figures queue_1() { return {{"queue_1", queueing(1)}}; }
Figures queue_1024() { return {{"queue_1024", queueing(1024)}}; }

Figures lateness() {  // a bare timerfd loop
  const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  std::mt19937 random(1);
  std::vector<std::int64_t> late;
  for (std::size_t i = 0; i < bench::naps; ++i) {
    const std::int64_t span = 1'000'000 + static_cast<std::int64_t>(random() % 2'000'000);
    const std::int64_t deadline = bench::wall_ns() + span;
    itimerspec when{};
    when.it_value = {deadline / 1'000'000'000, deadline % 1'000'000'000};
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, nullptr);
    std::uint64_t expirations = 0;
    if (epoll_wait(poll, &event, 1, -1) != 1 || read(fd, &expirations, sizeof expirations) < 0) break;
    late.push_back(bench::wall_ns() - deadline);
  }
  close(poll);
  close(fd);
  return {{"late_min", bench::quantile(late, 0)},
          {"late_p50", bench::quantile(late, 0.5)},
          {"late_p99", bench::quantile(late, 0.99)}};
}

// --- uv_queue_work: the request lives as long as its chain of calls
struct Work {
  uv_work_t request{};
  uv_loop_t* loop = nullptr;
  std::size_t left = 0;
  std::int64_t began = 0;
  std::vector<std::int64_t>* samples = nullptr;

  void submit() {
    request.data = this;
    began = bench::wall_ns();
    uv_queue_work(
        loop, &request, [](uv_work_t*) { sink = 1; },
        [](uv_work_t* done, int) { static_cast<Work*>(done->data)->finished(); });
  }
  void finished() {
    if (samples != nullptr) samples->push_back(bench::wall_ns() - began);
    if (--left > 0) submit();
  }
};

void work_through(std::size_t chains, std::size_t calls, std::vector<std::int64_t>* samples) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  std::vector<Work> works(chains);
  for (Work& work : works) {
    work.loop = &loop;
    work.left = calls;
    work.samples = samples;
    work.submit();
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}

Figures offload_1() {
  std::vector<std::int64_t> samples;
  work_through(1, bench::offloads, &samples);
  return {{"offload_1", bench::quantile(samples, 0.5)}};
}

Figures offload_1000() {
  const std::int64_t began = bench::cpu_ns();
  work_through(1000, bench::items / 10'000, nullptr);
  return {{"offload_1000", bench::each(began, bench::items / 10)}};
}

}  // namespace

int main(int count, char** names) {
  return bench::main_of(count, names,
                        {{"await_ready", await_ready},
                         {"spawn", spawn},
                         {"switch_2", switch_2},
                         {"switch_1000", switch_1000},
                         {"gather_10k", gather_10k},
                         {"gather_100k", gather_100k},
                         {"lock", lock},
                         {"semaphore", semaphore},
                         {"queue_1", queue_1},
                         {"queue_1024", queue_1024},
                         {"lateness", lateness},
                         {"offload_1", offload_1},
                         {"offload_1000", offload_1000}});
}
