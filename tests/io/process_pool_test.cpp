// ProcessPool: answers, errors, crashes, hostile workers, cancellation, shared memory. Real processes.
#include "io/process_pool.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/gather.hpp"
#include "async/spawn.hpp"
#include "io/process.hpp"
#include "io/process_pool_frame.hpp"
#include "io/process_pool_worker.hpp"
#include "support/async_fixture.hpp"

using namespace belfry;
using namespace belfry::async;
using namespace belfry::io;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

ProcessPoolOptions test_workers(std::size_t count) {
  return ProcessPoolOptions("test").workers(count).program(BELFRY_BIN_DIR "/process_pool_worker");
}

/// How the call failed; empty if it did not.
template <class Error>
Task<std::string> error_of(Task<std::string> call) {
  try {
    (void)co_await std::move(call);
  } catch (const Error& error) {
    co_return error.what();
  }
  co_return std::string();
}

Task<> until_set(volatile int& flag, int value) {
  while (flag != value) co_await sleep(100us);
}

bool is_gone(pid_t pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; }

}  // namespace

TEST_CASE("functions run in other processes, as many at a time as there are workers", "[process_pool]") {
  run_real([]() -> Task<> {
    ProcessPool pool(test_workers(3));
    std::vector<Task<std::string>> calls;
    for (int i = 0; i < 30; ++i) calls.push_back(pool.run("echo", std::string(1, static_cast<char>('a' + i % 26))));
    const std::vector<std::string> answers = co_await gather(std::move(calls));
    CHECK(answers[3] == "d");
    CHECK(answers[29] == "d");
    const std::string pid = co_await pool.run("pid");
    CHECK(std::stoi(pid) != ::getpid());
    CHECK(pool.stats().completed == 31);
    CHECK(pool.stats().workers == 3);
    co_await pool.aclose();
    CHECK(pool.stats().workers == 0);
    CHECK(is_gone(std::stoi(pid)));
    const std::string closed = co_await error_of<ProcessPoolClosed>(pool.run("echo"));
    CHECK(closed == "process pool test was closed before the function began");
  });
}

TEST_CASE("the workers of a pool are by default the program itself", "[process_pool]") {
  run_real([]() -> Task<> {
    LaunchSpec spec;
    spec.argv = {BELFRY_BIN_DIR "/process_pool_worker", "self"};
    auto process = Process::start(spec, {.standard_error = STDERR_FILENO});
    REQUIRE(process);
    const ExitStatus status = co_await process->wait();
    CHECK(status.exit_code == 0);
  });
}

TEST_CASE("an argument and an answer of megabytes pass, longer ones are refused before they are sent",
          "[process_pool]") {
  run_real([]() -> Task<> {
    ProcessPool pool(test_workers(1).message_limit(3'000'000));
    std::string big(3'000'000, 'x');
    big[1'234'567] = 'y';
    const std::string same = co_await pool.run("echo", big);
    CHECK(same == big);
    const std::string refused = co_await error_of<std::length_error>(pool.run("echo", big + "z"));
    CHECK_THAT(refused, Catch::Contains("share it as SharedMemory"));
    co_await pool.aclose();
  });
}

TEST_CASE("an exception of the function reaches the caller, the worker goes on", "[process_pool]") {
  run_real([]() -> Task<> {
    ProcessPool pool(test_workers(1));
    const std::string before = co_await pool.run("pid");
    const std::string what = co_await error_of<WorkerError>(pool.run("throw", "no such picture"));
    CHECK(what == "no such picture");
    const std::string unknown = co_await error_of<WorkerError>(pool.run("paint"));
    CHECK_THAT(unknown, Catch::Contains("no worker function is named paint; there are: ") && Catch::Contains("echo"));
    const std::string after = co_await pool.run("pid");
    CHECK(after == before);
    co_await pool.aclose();
  });
}

TEST_CASE("the caller learns how its worker died, and the next call has a new one", "[process_pool]") {
  run_real([]() -> Task<> {
    ProcessPool pool(test_workers(1));
    const std::string first = co_await pool.run("pid");
    const std::string killed = co_await error_of<WorkerDied>(pool.run("kill yourself", std::to_string(SIGKILL)));
    CHECK(killed == "the worker that ran kill yourself failed: it ended without an answer (was killed by signal 9)");
    const std::string exited = co_await error_of<WorkerDied>(pool.run("exit", "3"));
    CHECK_THAT(exited, Catch::Contains("exited with status 3"));
    const std::string second = co_await pool.run("pid");
    CHECK(first != second);
    CHECK(pool.stats().died == 2);
    CHECK(is_gone(std::stoi(first)));
    co_await pool.aclose();
  });
}

TEST_CASE("a worker that dies while it is idle is replaced before the next call", "[process_pool]") {
  run_real([]() -> Task<> {
    ProcessPool pool(test_workers(1));
    const std::string first = co_await pool.run("pid");
    ::kill(std::stoi(first), SIGKILL);
    // Its socket closes when it is gone, a moment after kill() returned.
    while (!is_gone(std::stoi(first)) && pool.stats().died == 0) {
      const std::string answer = co_await error_of<WorkerDied>(pool.run("echo"));
      co_await sleep(100us);
    }
    const std::string second = co_await pool.run("pid");
    CHECK(first != second);
    CHECK(pool.stats().died == 1);
    co_await pool.aclose();
  });
}

TEST_CASE("a worker that sends what is no answer is killed and replaced", "[process_pool]") {
  run_real([]() -> Task<> {
    ProcessPool pool(test_workers(1));
    const std::vector<std::pair<std::string, std::string>> lies{
        {"too long", "a frame of 2147483647 bytes, where at most 16777216 may come"},
        {"no frame", "a frame that does not begin as one"},
        {"truncated", "it ended in the middle of its answer"},
        {"wrong kind", "it sent what is no answer"},
        {"name beyond the end", "a frame with a name longer than itself"}};
    for (const auto& [how, what] : lies) {
      const std::string said = co_await error_of<WorkerDied>(pool.run("lie", how));
      CHECK_THAT(said, Catch::Contains(what));
    }
    CHECK(pool.stats().died == lies.size());
    // One answer too many: nobody gets the answer of another's call.
    const std::string first = co_await pool.run("two answers");
    CHECK(first == std::string(1000, 'x'));
    const std::string said = co_await error_of<WorkerDied>(pool.run("echo"));
    if (!said.empty()) CHECK_THAT(said, Catch::Contains("it sent the answer of another call"));  // if it came late
    CHECK(pool.stats().died == lies.size() + 1);
    const std::string echo = co_await pool.run("echo", "mine");
    CHECK(echo == "mine");
    co_await pool.aclose();
  });
}

TEST_CASE("a program that is no worker, or is not there, is told", "[process_pool]") {
  run_real([]() -> Task<> {
    ProcessPool none(ProcessPoolOptions("none").workers(1).program("/no/such/program"));
    const std::string missing = co_await error_of<WorkerDied>(none.run("echo"));
    CHECK_THAT(missing, Catch::Contains("cannot start /no/such/program: No such file or directory"));
    co_await none.aclose();
    CHECK_THROWS_AS(ProcessPool(ProcessPoolOptions("none").workers(0)), std::invalid_argument);
    ProcessPool pool(ProcessPoolOptions("true").workers(1).program("/bin/true"));
    const std::string said = co_await error_of<WorkerDied>(pool.run("echo"));
    CHECK_THAT(said, Catch::Contains("exited with status 0"));
    co_await pool.aclose();
  });
}

TEST_CASE("buffers are shared, not copied", "[process_pool]") {
  run_real([]() -> Task<> {
    ProcessPool pool(test_workers(2));
    SharedMemory first(4096 * sizeof(int));
    SharedMemory second(sizeof(int));
    std::iota(first.as<int>().begin(), first.as<int>().end(), 0);
    second.as<int>()[0] = -7;
    const std::string count = co_await pool.run("square", "", ProcessCall().share(first).share(second));
    CHECK(count == "2");
    CHECK(first.as<int>()[4095] == 4095 * 4095);
    CHECK(second.as<int>()[0] == 49);
    co_await pool.aclose();
  });
}

TEST_CASE("cancellation kills the worker at once, or waits for the function, as chosen", "[process_pool]") {
  run_real([]() -> Task<> {
    ProcessPool pool(test_workers(1));
    SharedMemory flag(sizeof(int));
    volatile int& said = flag.as<int>()[0];
    JoinHandle<std::string> hanging = spawn(pool.run("hang", "", ProcessCall().share(flag)));
    while (said == 0) co_await sleep(100us);
    const pid_t pid = said;
    JoinHandle<std::string> queued = spawn(pool.run("echo", "never"));
    co_await yield();
    CHECK(pool.stats().busy == 1);
    CHECK(pool.stats().waiting == 1);
    queued.cancel();
    hanging.cancel();
    std::optional<CancelReason> reason;
    try {
      (void)co_await hanging;
    } catch (const Cancelled& cancelled) {
      reason = cancelled.reason();
    }
    CHECK(reason == CancelReason::user);
    const std::string alive = co_await pool.run("echo", "alive");
    CHECK(alive == "alive");
    while (!is_gone(pid)) co_await sleep(100us);
    CHECK(pool.stats().killed == 1);
    CHECK(pool.stats().died == 0);

    said = 0;
    JoinHandle<std::string> waiting =
        spawn(pool.run("wait for go", "", ProcessCall().share(flag).on_cancel(OnProcessCancel::wait)));
    co_await until_set(said, 1);
    waiting.cancel();
    co_await yield();
    CHECK_FALSE(waiting.done());
    said = 2;
    bool cancelled = false;
    try {
      (void)co_await waiting;
    } catch (const Cancelled&) {
      cancelled = true;
    }
    CHECK(cancelled);
    CHECK(pool.stats().killed == 1);
    co_await pool.aclose();
  });
}

TEST_CASE("a worker that does not end when the pool closes is killed after the grace", "[process_pool]") {
  run_real([]() -> Task<> {
    std::optional<ProcessPool> pool(test_workers(2));
    const std::string pid = co_await pool->run("pid");
    ::kill(std::stoi(pid), SIGSTOP);  // it cannot see the end of its socket
    co_await pool->aclose(1ms);
    CHECK(is_gone(std::stoi(pid)));
    pool.reset();
  });
}

TEST_CASE("shared memory of another making is checked", "[process_pool]") {
  CHECK_THROWS_AS(SharedMemory(0), std::invalid_argument);
  CHECK_THROWS_AS(SharedMemory(Fd()), std::invalid_argument);
  CHECK_THROWS_AS(SharedMemory(Fd(::open("/dev/null", O_RDWR | O_CLOEXEC))), std::invalid_argument);
  Fd unsealed(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(::ftruncate(unsealed.get(), 4096) == 0);
  CHECK_THROWS_AS(SharedMemory(std::move(unsealed)), std::invalid_argument);
  const SharedMemory made(4096);
  CHECK(::ftruncate(made.fd(), 10) != 0);  // nobody can cut it off
  const SharedMemory again(Fd(::fcntl(made.fd(), F_DUPFD_CLOEXEC, 0)));
  made.bytes()[100] = std::byte{42};
  CHECK(again.bytes()[100] == std::byte{42});
}

TEST_CASE("frames are taken apart however they are cut", "[process_pool]") {
  using namespace belfry::io::detail;
  FrameHeader header;
  header.kind = FrameKind::call;
  const std::string bytes = encode(header, "name", "payload");
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    FrameReader reader(1000);
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t count = std::min({step, reader.wanted(), bytes.size() - at});
      REQUIRE(count > 0);
      CHECK_FALSE(reader.take(bytes.data() + at, count));
      at += count;
    }
    REQUIRE(reader.complete());
    Frame frame = reader.finish();
    CHECK(frame.name() == "name");
    CHECK(std::move(frame).payload() == "payload");
  }
}
