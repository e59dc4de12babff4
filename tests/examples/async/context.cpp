// Context variables: every request has its own, and what it starts inherits it.
#include <async/context_var.hpp>
#include <async/gather.hpp>
#include <async/run.hpp>
#include <async/sleep.hpp>
#include <chrono>
#include <iostream>
#include <string>

namespace async = belfry::async;
using namespace std::chrono_literals;

async::ContextVar<std::string> request_id("request_id", "-");

void log(const std::string& text) { std::cout << "[" << request_id.get() << "] " << text << "\n"; }

async::Task<> query() {
  co_await async::sleep(10ms);
  log("query done");
}

async::Task<> handle(std::string id) {
  request_id.set(id);
  log("begins");
  co_await query();
}

async::Task<> serve() {
  co_await async::gather(handle("r1"), handle("r2"));
  log("all served");
}

int main() { async::run(serve()); }
