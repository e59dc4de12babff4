// The program whose workers the tests of ProcessPool use: functions that answer, fail, crash, hang and lie.
//
// Run with the argument "self" it is the user of a pool itself, whose workers are this same program.
#include "io/process_pool_worker.hpp"

#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "async/run.hpp"
#include "io/launch.hpp"
#include "io/process_pool.hpp"
#include "io/process_pool_frame.hpp"

using namespace belfry::io;

namespace {

void send_raw(std::string_view bytes) { (void)::send(report_fd, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

/// What a hostile worker would send in the place of an answer.
std::string hostile_frame(std::string_view how) {
  detail::FrameHeader header;
  header.kind = detail::FrameKind::value;
  header.call = 1;  // of a new worker
  std::string bytes = detail::encode(header, {}, std::string(1000, 'x'));
  if (how == "too long") bytes.replace(8, 4, "\xff\xff\xff\x7f");
  if (how == "no frame") bytes = "HTTP/1.1 200 OK\r\n\r\n";
  if (how == "truncated") bytes.resize(500);
  if (how == "wrong kind") bytes[4] = static_cast<char>(detail::FrameKind::call);
  if (how == "name beyond the end") bytes.replace(6, 2, "\xff\xff");
  return bytes;
}

WorkerFunctions test_functions() {
  WorkerFunctions functions;
  functions.add("echo", [](WorkerCall& call) { return call.argument; });
  functions.add("pid", [](WorkerCall&) { return std::to_string(::getpid()); });
  functions.add("throw", [](WorkerCall& call) -> std::string { throw std::runtime_error(call.argument); });
  functions.add("exit", [](WorkerCall& call) -> std::string { ::_exit(std::stoi(call.argument)); });
  functions.add("kill yourself", [](WorkerCall& call) {
    ::kill(::getpid(), std::stoi(call.argument));
    return std::string();
  });
  functions.add("hang", [](WorkerCall& call) -> std::string {
    if (!call.buffers.empty()) call.buffers[0].as<int>()[0] = ::getpid();
    for (;;) ::pause();
  });
  functions.add("wait for go", [](WorkerCall& call) {
    volatile int& go = call.buffers[0].as<int>()[0];
    go = 1;
    while (go != 2) ::sched_yield();
    return std::string("went");
  });
  functions.add("square", [](WorkerCall& call) {
    for (SharedMemory& buffer : call.buffers) {
      for (int& number : buffer.as<int>()) number *= number;
    }
    return std::to_string(call.buffers.size());
  });
  functions.add("lie", [](WorkerCall& call) -> std::string {
    send_raw(hostile_frame(call.argument));
    ::_exit(0);
  });
  functions.add("two answers", [](WorkerCall&) {
    send_raw(hostile_frame("the first"));
    return std::string("second");
  });
  return functions;
}

int use_own_workers() {
  const auto main = []() -> belfry::async::Task<std::string> {
    ProcessPool pool(ProcessPoolOptions("self").workers(1));
    std::string answer = co_await pool.run("echo", "from myself");
    co_await pool.aclose();
    co_return answer;
  };
  return belfry::async::run(main()) == "from myself" ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (is_worker(argc, argv)) return run_worker(test_functions());
  return argc == 2 && std::string_view(argv[1]) == "self" ? use_own_workers() : 64;
}
