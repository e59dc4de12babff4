// Graceful shutdown: on SIGTERM stop taking work, let what runs finish, cancel what takes too long, clean up.
#include <async/event.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <async/spawn.hpp>
#include <async/task_group.hpp>
#include <chrono>
#include <csignal>
#include <io/signals.hpp>
#include <iostream>

namespace async = belfry::async;
namespace io = belfry::io;
using namespace std::chrono_literals;

async::Task<> serve_one(int request, std::chrono::milliseconds time) {
  try {
    co_await async::sleep(time);
    std::cout << "request " << request << " served\n";
  } catch (const async::Cancelled&) {
    std::cout << "request " << request << " given up\n";
    throw;
  }
}

async::Task<> serve(async::Event& stop) {
  co_await async::with_task_group([&](async::TaskGroup& requests) -> async::Task<> {
    requests.start(serve_one(1, 40ms), "request 1");
    requests.start(serve_one(2, 1h), "request 2");
    co_await stop.wait();
    std::cout << "no new requests; " << requests.size() << " are open\n";
    co_await async::sleep(200ms);  // what is done by then is done in order
    requests.cancel(async::CancelReason::shutdown);
  });
  std::cout << "all requests have ended\n";
}

async::Task<> main_task(const io::BlockedSignals& signals) {
  io::SignalStream stream(signals);
  async::Event stop;
  async::JoinHandle<> server = async::spawn(serve(stop), "server");
  co_await async::sleep(10ms);
  std::raise(SIGTERM);  // systemd, or Ctrl-C
  const int signal = co_await stream.next();
  std::cout << "signal " << signal << "\n";
  stop.set();
  co_await server;
  std::cout << "goodbye\n";
}

int main() {
  const io::BlockedSignals signals({SIGINT, SIGTERM});
  async::run(main_task(signals));
}
