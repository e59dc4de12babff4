// Hello: a task that waits without keeping anybody else from running.
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <chrono>
#include <iostream>

namespace async = belfry::async;
using namespace std::chrono_literals;

async::Task<std::string> fetch() {
  std::cout << "asking\n";
  co_await async::sleep(10ms);  // the loop does other things meanwhile
  co_return "hello, world";
}

async::Task<> hello() {
  const std::string text = co_await fetch();
  std::cout << text << "\n";
}

int main() { async::run(hello()); }
