// with_resource, with_closing, with_exit_stack: clean-ups run, in order, in spite of everything.
#include "async/resource.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "async/generator.hpp"
#include "async/spawn.hpp"
#include "async/timeout.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

Task<std::unique_ptr<std::string>> open(std::string& log) {
  co_await sleep(1s);
  log += "open ";
  co_return std::make_unique<std::string>("resource");
}

struct CloseSlowly {
  std::string& log;
  Task<> operator()(std::unique_ptr<std::string>& resource) const {
    co_await sleep(1s);
    log += "close " + *resource;
  }
};

Task<> fail(const char* what) {
  co_await yield();
  throw std::runtime_error(what);
}

}  // namespace

TEST_CASE("a resource is opened, used and closed, and the value comes out", "[resource]") {
  run_async([]() -> Task<> {
    std::string log;
    auto body = [&](std::unique_ptr<std::string>& resource) -> Task<std::size_t> {
      log += "use ";
      co_return resource->size();
    };
    const std::size_t length = co_await with_resource(open(log), body, CloseSlowly{log});
    CHECK(length == 8);
    CHECK(log == "open use close resource");
  });
}

TEST_CASE("a resource is closed when the body fails, and not when open does", "[resource]") {
  run_async([]() -> Task<> {
    std::string log;
    auto body = [](std::unique_ptr<std::string>&) -> Task<> { return fail("body"); };
    std::string what;
    try {
      co_await with_resource(open(log), body, CloseSlowly{log});
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "body");
    CHECK(log == "open close resource");

    auto fails_to_open = []() -> Task<std::unique_ptr<std::string>> {
      co_await yield();
      throw std::runtime_error("open");
    };
    try {
      co_await with_resource(fails_to_open(), body, CloseSlowly{log});
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "open");
    CHECK(log == "open close resource");
  });
}

TEST_CASE("a cancelled body's resource is closed to the end, within the grace", "[resource]") {
  run_async([]() -> Task<> {
    std::string log;
    auto body = [](std::unique_ptr<std::string>&) -> Task<> { co_await sleep(1h); };
    const bool ended = co_await move_on_after(5s, with_resource(open(log), body, CloseSlowly{log}));
    CHECK_FALSE(ended);
    CHECK(log == "open close resource");

    log.clear();
    const bool hurried = co_await move_on_after(5s, with_resource(open(log), body, CloseSlowly{log}, 500ms));
    CHECK_FALSE(hurried);
    CHECK(log == "open ");  // the clean-up had half a second
  });
}

TEST_CASE("deferred clean-ups run in reverse, each in spite of the others' errors", "[resource]") {
  run_async([]() -> Task<> {
    std::string log;
    auto note = [&](std::string what) {
      return [&log, what]() -> Task<> {
        co_await sleep(1s);
        log += what;
      };
    };
    auto body = [&](ExitStack& stack) -> Task<int> {
      stack.defer(note("a"));
      stack.defer([] { return fail("second"); });
      stack.defer(note("b"));
      stack.defer([] { return fail("first"); });
      co_return 1;
    };
    std::string what;
    try {
      (void)co_await with_exit_stack(body);
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(log == "ba");
    CHECK(what == "first");
    CHECK(Loop::current().stats().errors_not_retrieved == 1);
  });
}

TEST_CASE("the failure of a body goes before that of its clean-up, a cancellation behind it", "[resource]") {
  run_async([]() -> Task<> {
    auto body = [](ExitStack& stack) -> Task<> {
      stack.defer([] { return fail("clean-up"); });
      co_await sleep(1h);
    };
    auto fails = [](ExitStack& stack) -> Task<> {
      stack.defer([] { return fail("clean-up"); });
      co_await fail("body");
    };
    std::string what;
    try {
      co_await with_exit_stack(fails);
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "body");
    try {
      co_await move_on_after(1s, with_exit_stack(body));
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "clean-up");
    auto keeps = [&](ExitStack& stack) -> Task<int> {
      stack.defer([] { return fail("never"); });
      stack.forget();
      co_return 3;
    };
    const int kept = co_await with_exit_stack(keeps);
    CHECK(kept == 3);
  });
}

TEST_CASE("with_closing closes a generator that is left half-way", "[resource]") {
  run_async([]() -> Task<> {
    bool cleaned = false;
    auto numbers = [](bool& done) -> AsyncGenerator<int> {
      try {
        for (int i = 0;; ++i) co_yield i;
      } catch (const GeneratorExit&) {
      }
      co_await sleep(1s);
      done = true;
    };
    auto first_big = [](AsyncGenerator<int>& generator) -> Task<int> {
      while (const std::optional<int> number = co_await generator.next()) {
        if (*number > 10) co_return *number;
      }
      co_return 0;
    };
    const int found = co_await with_closing(numbers(cleaned), first_big);
    CHECK(found == 11);
    CHECK(cleaned);
  });
}
