// Limits of time: with_timeout throws, move_on_after gives nothing, and both wait until the work has really ended.
#include <async/cancel.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <async/timeout.hpp>
#include <chrono>
#include <iostream>
#include <optional>

namespace async = belfry::async;
using namespace std::chrono_literals;

async::Task<> say_goodbye() {
  co_await async::sleep(5ms);
  std::cout << "goodbye said\n";
}

async::Task<int> ask(std::chrono::milliseconds time) {
  std::exception_ptr cancelled;
  try {
    co_await async::sleep(time);
  } catch (const async::Cancelled&) {
    cancelled = std::current_exception();  // C++ has no co_await in a catch block
  }
  if (cancelled) {
    co_await async::shielded(say_goodbye(), 1s);  // clean-up may await, for at most a second
    std::rethrow_exception(cancelled);
  }
  co_return 42;
}

async::Task<> limits() {
  const int answer = co_await async::with_timeout(10s, ask(1ms));
  std::cout << "in time: " << answer << "\n";
  try {
    co_await async::with_timeout(10ms, ask(1h));
  } catch (const async::TimeoutError&) {
    std::cout << "too late\n";
  }
  const std::optional<int> maybe = co_await async::move_on_after(10ms, ask(1h));
  std::cout << (maybe ? "an answer" : "none, moving on") << "\n";
}

int main() { async::run(limits()); }
