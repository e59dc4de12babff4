// A server that fails now and then: tried again after growing pauses, left alone when it keeps failing.
#include <async/circuit_breaker.hpp>
#include <async/rate_limiter.hpp>
#include <async/retry.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <chrono>
#include <iostream>
#include <stdexcept>

namespace async = belfry::async;
using namespace std::chrono_literals;

class Server {
 public:
  explicit Server(int failures) : failures_(failures) {}
  async::Task<int> ask() {
    co_await async::sleep(1ms);
    std::cout << "asked\n";
    if (failures_-- > 0) throw std::runtime_error("the server is busy");
    co_return 42;
  }

 private:
  int failures_;
};

async::Task<> persist() {
  Server flaky(2);
  const int answer = co_await async::retry([&] { return flaky.ask(); },
                                           async::RetryOptions(5).backoff(async::Backoff(1ms).growing(2, 1s)));
  std::cout << answer << "\n";
}

async::Task<> give_up() {
  Server dead(1'000);
  async::CircuitBreaker breaker(async::CircuitBreakerOptions().opens_at(2, 2).pause(30s));
  for (int i = 0; i < 4; ++i) {
    try {
      co_await breaker.run(dead.ask());
    } catch (const async::CircuitOpen&) {
      std::cout << "not asked\n";
    } catch (const std::exception& error) {
      std::cout << error.what() << "\n";
    }
  }
}

async::Task<> slow_down() {
  async::RateLimiter limit(100, 1s, 2);  // 100 a second, bursts of 2
  for (int i = 0; i < 4; ++i) co_await limit.acquire();
  std::cout << "4 calls within the rate\n";
}

async::Task<> all() {
  co_await persist();
  co_await give_up();
  co_await slow_down();
}

int main() { async::run(all()); }
