// Together: two tasks one after the other, and the same two at once.
#include <async/gather.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <async/spawn.hpp>
#include <chrono>
#include <iostream>
#include <string>

namespace async = belfry::async;
using namespace std::chrono_literals;

async::Task<std::string> make(std::string what, std::chrono::milliseconds time) {
  std::cout << what << " begins\n";
  co_await async::sleep(time);
  std::cout << what << " is ready\n";
  co_return what;
}

async::Task<> breakfast() {
  std::cout << "-- one after the other\n";
  const std::string tea = co_await make("tea", 40ms);
  const std::string toast = co_await make("toast", 20ms);

  std::cout << "-- at once, by gather\n";
  const auto [first, second] = co_await async::gather(make("tea", 40ms), make("toast", 20ms));
  std::cout << first << " and " << second << "\n";

  std::cout << "-- at once, by spawn\n";
  async::JoinHandle<std::string> later = async::spawn(make("tea", 40ms), "tea");
  std::cout << "the table is laid meanwhile\n";
  const std::string joined = co_await later;
  std::cout << joined << " is served\n";
}

int main() { async::run(breakfast()); }
