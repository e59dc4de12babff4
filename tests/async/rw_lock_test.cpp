// RwLock: readers together, writers alone, nobody starves.
#include "async/rw_lock.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "async/cancel.hpp"
#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("readers are in together, a writer is in alone", "[rw_lock]") {
  run_shuffled([]() -> Task<> {
    RwLock lock;
    std::size_t most_readers = 0;
    auto read = [&]() -> Task<> {
      const RwLock::ReadGuard guard = co_await lock.read();
      CHECK_FALSE(lock.statistics().writer);
      most_readers = std::max(most_readers, lock.statistics().readers);
      co_await sleep(1s);
    };
    auto write = [&]() -> Task<> {
      const RwLock::WriteGuard guard = co_await lock.write();
      CHECK(lock.statistics().readers == 0);
      CHECK(lock.statistics().writer);
      co_await sleep(1s);
      CHECK(lock.statistics().readers == 0);
    };
    std::vector<JoinHandle<>> handles;
    for (int i = 0; i < 8; ++i) handles.push_back(spawn(i % 4 == 3 ? write() : read()));
    for (JoinHandle<>& handle : handles) co_await handle;
    CHECK(most_readers > 1);
    CHECK(lock.try_write());
  });
}

TEST_CASE("a reader who comes after a waiting writer waits behind it", "[rw_lock]") {
  run_async([]() -> Task<> {
    RwLock lock;
    std::string order;
    auto read = [&](char name) -> Task<> {
      const RwLock::ReadGuard guard = co_await lock.read();
      order += name;
      co_await yield();
    };
    auto write = [&]() -> Task<> {
      const RwLock::WriteGuard guard = co_await lock.write();
      order += 'W';
    };
    RwLock::ReadGuard first = co_await lock.read();
    JoinHandle<> writer = spawn(write());
    JoinHandle<> a = spawn(read('a'));
    JoinHandle<> b = spawn(read('b'));
    co_await settle();
    CHECK(order.empty());
    CHECK_FALSE(lock.try_read());
    CHECK(lock.statistics().waiting == 3);
    first.release();
    co_await writer;
    co_await a;
    co_await b;
    CHECK(order == "Wab");
  });
}

TEST_CASE("when a waiting writer is cancelled the readers behind it go in", "[rw_lock]") {
  run_async([]() -> Task<> {
    RwLock lock;
    int in = 0;
    auto read = [&]() -> Task<> {
      const RwLock::ReadGuard guard = co_await lock.read();
      ++in;
    };
    auto write = [&]() -> Task<> { const RwLock::WriteGuard guard = co_await lock.write(); };
    const RwLock::ReadGuard held = co_await lock.read();
    JoinHandle<> writer = spawn(write());
    JoinHandle<> a = spawn(read());
    JoinHandle<> b = spawn(read());
    co_await yield();
    writer.cancel();
    co_await a;
    co_await b;
    CHECK(in == 2);
    CHECK(lock.statistics().readers == 1);
  });
}

TEST_CASE("what the holder of an RwLock must not do is told at once", "[rw_lock]") {
  run_async([]() -> Task<> {
    RwLock lock;
    RwLock::ReadGuard guard = co_await lock.read();
    int told = 0;
    try {
      const RwLock::WriteGuard upgrade = co_await lock.write();
    } catch (const std::logic_error&) {
      ++told;
    }
    auto release = [&]() -> Task<> {
      guard.release();
      co_return;
    };
    try {
      co_await spawn(release());
    } catch (const NotLockOwner&) {
      ++told;
    }
    CHECK(told == 2);
    CHECK(lock.statistics().readers == 1);
    guard.release();
    CHECK(lock.statistics().readers == 0);
  });
}

TEST_CASE("what was granted to a frame that is destroyed goes to the next", "[rw_lock]") {
  RwLock lock;
  ManualClock clock;
  {
    Loop loop(LoopOptions().clock(clock).shutdown_grace(1s));
    auto hold = [&]() -> Task<> {
      const RwLock::WriteGuard guard = co_await lock.write();
      co_await sleep(100h);
    };
    auto main = [&]() -> Task<> {
      for (int i = 0; i < 3; ++i) spawn(shielded(hold(), 100h)).detach();
      co_await settle();
      CHECK(lock.statistics().waiting == 2);
    };
    run(loop, main());
    CHECK(loop.stats().destroyed_at_close == 3);
  }
  CHECK_FALSE(lock.statistics().writer);
  CHECK(lock.statistics().waiting == 0);
}
