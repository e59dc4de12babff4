// SingleFlightCache: one load for many, kept for a while, nobody harmed by another's end.
#include "async/single_flight.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "async/sleep.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

struct Source {
  int loads = 0;
  int cancelled = 0;
  bool fails = false;

  Task<std::string> load(std::string key) {
    const int number = ++loads;
    try {
      co_await sleep(1s);
    } catch (const Cancelled&) {
      ++cancelled;
      throw;
    }
    if (fails) throw std::runtime_error("no " + key);
    co_return key + std::to_string(number);
  }
};

using Cache = SingleFlightCache<std::string, std::string>;

Task<std::string> ask(Cache& cache, Source& source, std::string key) {
  auto load = [&source, key] { return source.load(key); };
  co_return co_await cache.get(key, load);
}

}  // namespace

TEST_CASE("all who ask at the same time share one load, later ones what was kept until it expires", "[single_flight]") {
  run_shuffled([]() -> Task<> {
    Source source;
    Cache cache(10s, 100);
    std::vector<JoinHandle<std::string>> handles;
    for (int i = 0; i < 5; ++i) handles.push_back(spawn(ask(cache, source, "a")));
    for (JoinHandle<std::string>& handle : handles) {
      const std::string value = co_await handle;
      CHECK(value == "a1");
    }
    CHECK(source.loads == 1);
    CHECK(cache.statistics().joined == 4);
    const std::int64_t before = Loop::current().now_ns();
    const std::string kept = co_await ask(cache, source, "a");
    CHECK(kept == "a1");
    CHECK(Loop::current().now_ns() == before);
    co_await sleep(10s);
    const std::string fresh = co_await ask(cache, source, "a");
    CHECK(fresh == "a2");
  });
}

TEST_CASE("an error goes to all who wait and is not kept", "[single_flight]") {
  run_async([]() -> Task<> {
    Source source;
    source.fails = true;
    Cache cache(10s, 100);
    int failed = 0;
    auto try_it = [&]() -> Task<> {
      try {
        (void)co_await ask(cache, source, "a");
      } catch (const std::runtime_error&) {
        ++failed;
      }
    };
    JoinHandle<> first = spawn(try_it());
    JoinHandle<> second = spawn(try_it());
    co_await first;
    co_await second;
    CHECK(failed == 2);
    CHECK(source.loads == 1);
    source.fails = false;
    const std::string value = co_await ask(cache, source, "a");
    CHECK(value == "a2");
    CHECK(Loop::current().stats().errors_not_retrieved == 0);
  });
}

TEST_CASE("a caller that leaves does not take the load with it, the last one does", "[single_flight]") {
  run_async([]() -> Task<> {
    Source source;
    Cache cache(10s, 100);
    JoinHandle<std::string> first = spawn(ask(cache, source, "a"));
    JoinHandle<std::string> second = spawn(ask(cache, source, "a"));
    co_await yield();
    first.cancel();
    const std::string value = co_await second;
    CHECK(value == "a1");
    CHECK(source.cancelled == 0);

    JoinHandle<std::string> only = spawn(ask(cache, source, "b"));
    co_await settle();
    only.cancel();
    co_await settle();
    CHECK(source.cancelled == 1);
    CHECK(cache.statistics().loading == 0);
    const std::string again = co_await ask(cache, source, "b");
    CHECK(again == "b3");
  });
}

TEST_CASE("a full cache gives up what was loaded first, forget what it is told to", "[single_flight]") {
  run_async([]() -> Task<> {
    Source source;
    Cache cache(1h, 2);
    for (const char* key : {"a", "b", "c"}) (void)co_await ask(cache, source, key);
    CHECK(cache.statistics().size == 2);
    CHECK(cache.statistics().evicted == 1);
    std::string value = co_await ask(cache, source, "b");
    CHECK(value == "b2");
    cache.forget("b");
    value = co_await ask(cache, source, "b");
    CHECK(value == "b4");
    JoinHandle<std::string> loading = spawn(ask(cache, source, "d"));
    co_await yield();
    cache.forget("d");  // those who wait are served, but it is not kept
    value = co_await loading;
    CHECK(value == "d5");
    value = co_await ask(cache, source, "d");
    CHECK(value == "d6");
    cache.clear();
    CHECK(cache.statistics().size == 0);
    CHECK_THROWS_AS(Cache(1s, 0), std::invalid_argument);
  });
}
