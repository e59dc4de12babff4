// Resources whose opening and closing await: the close runs however the work ends.
#include <async/resource.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>

namespace async = belfry::async;
using namespace std::chrono_literals;

struct Connection {
  std::string name;
};

async::Task<Connection> connect(std::string name) {
  co_await async::sleep(1ms);
  std::cout << name << " is open\n";
  co_return Connection{std::move(name)};
}

async::Task<> disconnect(Connection& connection) {
  co_await async::sleep(1ms);
  std::cout << connection.name << " is closed\n";
}

async::Task<int> query(Connection&, bool fails) {
  co_await async::sleep(1ms);
  if (fails) throw std::runtime_error("no such table");
  co_return 3;
}

async::Task<> use() {
  const int rows = co_await async::with_resource(
      connect("first"), [](Connection& connection) { return query(connection, false); }, disconnect);
  std::cout << rows << " rows\n";
  try {
    co_await async::with_resource(
        connect("second"), [](Connection& connection) { return query(connection, true); }, disconnect);
  } catch (const std::exception& error) {
    std::cout << error.what() << "\n";
  }
}

int main() { async::run(use()); }
