// Event: set, clear, wait.
#include "async/event.hpp"

#include <catch2/catch.hpp>

#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;

TEST_CASE("set wakes all that wait, and later waits pass at once") {
  run_shuffled([]() -> Task<> {
    Event event;
    int woken = 0;
    auto wait = [&]() -> Task<> {
      co_await event.wait();
      ++woken;
    };
    std::vector<JoinHandle<>> handles;
    for (int i = 0; i < 3; ++i) handles.push_back(spawn(wait()));
    co_await settle();
    CHECK(event.waiters() == 3);
    event.set();
    CHECK(event.is_set());
    CHECK(woken == 0);  // nobody is resumed within set
    for (JoinHandle<>& handle : handles) co_await handle;
    CHECK(woken == 3);
    co_await event.wait();
  });
}

TEST_CASE("who was woken passes although the event is cleared at once") {
  run_async([]() -> Task<> {
    Event event;
    auto wait = [&]() -> Task<> { co_await event.wait(); };
    JoinHandle<> handle = spawn(wait());
    co_await yield();
    event.set();
    event.clear();
    co_await yield();
    CHECK(handle.done());
    CHECK_FALSE(event.is_set());
  });
}
