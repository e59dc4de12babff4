// Graceful shutdown: on SIGTERM stop taking work, let what runs finish, cancel what takes too long, clean up.
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <async/task_group.hpp>
#include <chrono>
#include <csignal>
#include <io/run_until_signal.hpp>
#include <iostream>

namespace async = belfry::async;
namespace io = belfry::io;
using namespace std::chrono_literals;

async::Task<> serve_one(int request, std::chrono::milliseconds time) {
  try {
    co_await async::sleep(time);
    std::cout << "request " << request << " served\n";
  } catch (const async::Cancelled& cancelled) {
    std::cout << "request " << request << " given up: " << to_string(cancelled.reason()) << "\n";
    throw;
  }
}

async::Task<> serve(io::Shutdown& shutdown) {
  co_await async::with_task_group([&](async::TaskGroup& requests) -> async::Task<> {
    requests.start(serve_one(1, 300ms), "request 1");
    requests.start(serve_one(2, 1h), "request 2");
    co_await async::sleep(10ms);
    std::raise(SIGTERM);  // systemd, or Ctrl-C

    co_await shutdown.requested();
    std::cout << "signal " << *shutdown.signal() << ": no new requests, " << requests.size() << " are open\n";
  });  // waits for them; what has not ended after the grace is cancelled
}

int main() {
  io::run_until_signal(serve, io::ShutdownOptions().grace(1s));
  std::cout << "goodbye\n";
}
