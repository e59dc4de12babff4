// A cache that loads each value once, however many ask at the same time: by hand with a lock, and from the library.
#include <async/gather.hpp>
#include <async/lock.hpp>
#include <async/run.hpp>
#include <async/single_flight.hpp>
#include <async/sleep.hpp>
#include <chrono>
#include <iostream>
#include <map>
#include <string>

namespace async = belfry::async;
using namespace std::chrono_literals;

async::Task<std::string> load(std::string key) {
  std::cout << "loading " << key << "\n";
  co_await async::sleep(10ms);
  co_return "value of " + key;
}

class DoubleChecked {
 public:
  async::Task<std::string> get(std::string key) {
    if (const auto known = values_.find(key); known != values_.end()) co_return known->second;
    const async::Lock::Guard guard = co_await lock_.acquire();
    // Checked again: another task may have loaded it while this one waited for the lock.
    if (const auto known = values_.find(key); known != values_.end()) co_return known->second;
    const std::string value = co_await load(key);
    values_.emplace(key, value);
    co_return value;
  }

 private:
  std::map<std::string, std::string> values_;
  async::Lock lock_;
};

async::Task<> ask_both() {
  DoubleChecked by_hand;
  co_await async::gather(by_hand.get("a"), by_hand.get("a"), by_hand.get("a"));

  async::SingleFlightCache<std::string, std::string> library(5min, 1'000);  // no lock: other keys load meanwhile
  auto get = [&](std::string key) { return library.get(key, [key] { return load(key); }); };
  co_await async::gather(get("b"), get("b"), get("c"));
  std::cout << "loads: " << library.statistics().loads << "\n";
}

int main() { async::run(ask_both()); }
