// What a loop complains of: tasks that were forgotten, errors that nobody took, cancellations that nobody obeyed.
#include "async/complaint.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/future.hpp"
#include "async/spawn.hpp"
#include "async/timeout.hpp"
#include "async/wait_queue.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

using Heard = std::vector<Complaint>;
using Parking = belfry::async::detail::WaitQueue;

LoopOptions into(Heard& heard) {
  return LoopOptions().on_complaint([&](const Complaint& complaint) { heard.push_back(complaint); });
}

Task<> forgotten() { co_return; }
Task<> outer(Task<> inner) { co_await std::move(inner); }
Task<> wait_for(Event& event) { co_await event.wait(); }
Task<> fail_of_full_disk() {
  co_await yield();
  throw std::runtime_error("disk full");
}
/// Waits for what no cancellation ends, as a function on a thread does.
class DeafWait final : public belfry::async::detail::QueuedWaiter {
 public:
  explicit DeafWait(Parking& queue) noexcept : QueuedWaiter("deaf", Cancellable::no), queue_(queue) {}
  void await_resume() const { finish(); }

 private:
  bool start() override {
    queue_.push(*this);
    return true;
  }
  Parking& queue_;
};

Task<> ignore(Parking& end) { co_await DeafWait(end); }

bool mentions(const Complaint& complaint, std::string_view words) {
  return to_string(complaint).find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a Task that nobody awaited is complained of by the place where it is written") {
  Heard heard;
  run_async(
      [&]() -> Task<> {
        {
          const Task<> task = forgotten();
        }
        REQUIRE(heard.size() == 1);
        CHECK(heard[0].kind == ComplaintKind::never_awaited);
        CHECK(mentions(heard[0], "forgotten()"));
        CHECK(mentions(heard[0], "async/complaint_test.cpp:"));
        CHECK_FALSE(heard[0].backtrace.empty());
        CHECK(Loop::current().stats().never_awaited == 1);
        co_return;
      },
      into(heard));
}

TEST_CASE("of a Task that was dropped with those inside it only the outermost is complained of") {
  Heard heard;
  run_async(
      [&]() -> Task<> {
        {
          const Task<> task = outer(outer(forgotten()));
        }
        REQUIRE(heard.size() == 1);
        CHECK(mentions(heard[0], "outer("));
        co_return;
      },
      into(heard));
}

TEST_CASE("nobody complains of Tasks that an exception, a cancellation or discard() left unawaited") {
  Heard heard;
  run_async(
      [&]() -> Task<> {
        try {
          const Task<> task = forgotten();
          throw std::runtime_error("before its await");
        } catch (const std::runtime_error&) {
        }
        CancelScope scope;
        scope.cancel();
        CHECK_FALSE(co_await scope.run(forgotten()));
        Task<> task = forgotten();
        task.discard();
        CHECK_FALSE(task);
        Event never;
        auto holder = [&]() -> Task<> {
          Task<> later = forgotten();
          co_await never.wait();
          co_await std::move(later);
        };
        {
          const JoinHandle<> dropped = spawn(outer(holder()));
        }
        JoinHandle<> cancelled = spawn(holder());
        co_await yield();
        cancelled.cancel();
        CHECK_THROWS_AS(co_await cancelled, Cancelled);
      },
      into(heard));
  for (const Complaint& complaint : heard) FAIL_CHECK(to_string(complaint));
}

TEST_CASE("the error of a task whose handle was dropped is complained of once, with its name") {
  Heard heard;
  run_async(
      [&]() -> Task<> {
        spawn(fail_of_full_disk(), "writer").detach();
        {
          const JoinHandle<> ended = spawn(fail_of_full_disk(), "reader");
          while (!ended.done()) co_await yield();
        }
        co_await settle();
        REQUIRE(heard.size() == 2);
        CHECK(heard[0].kind == ComplaintKind::error_lost);
        CHECK(heard[0].task == "writer");
        CHECK(heard[0].detail == "disk full");
        CHECK(heard[1].task == "reader");
        CHECK(Loop::current().stats().errors_not_retrieved == 2);
      },
      into(heard));
}

TEST_CASE("the error of a Promise that no future saw is complained of; one that was seen is not") {
  Heard heard;
  run_async(
      [&]() -> Task<> {
        {
          Promise<int> unseen;
          unseen.set_exception(std::make_exception_ptr(std::runtime_error("no reply")));
        }
        {
          Promise<int> seen;
          Future<int> future = seen.future();
          seen.set_exception(std::make_exception_ptr(std::runtime_error("refused")));
          CHECK_THROWS_AS(co_await future, std::runtime_error);
        }
        {
          const Promise<int> unused;
        }
        co_await settle();
        REQUIRE(heard.size() == 1);
        CHECK(mentions(heard[0], "a Promise failed"));
        CHECK(heard[0].detail == "no reply");
      },
      into(heard));
}

TEST_CASE("a task that ignores its cancellation is complained of once, after the grace") {
  Heard heard;
  run_async(
      [&]() -> Task<> {
        Parking end;
        JoinHandle<> handle = spawn(ignore(end), "deaf one");
        co_await yield();
        handle.cancel();
        co_await sleep(9s);
        CHECK(heard.empty());
        co_await sleep(2s);
        REQUIRE(heard.size() == 1);
        CHECK(heard[0].kind == ComplaintKind::cancellation_ignored);
        CHECK(heard[0].task == "deaf one");
        CHECK(heard[0].lasted >= 10s);
        CHECK(heard[0].detail == "user, waits for deaf");
        CHECK(heard[0].place.line != 0);
        co_await sleep(1h);
        CHECK(heard.size() == 1);
        CHECK(Loop::current().stats().cancellations_ignored == 1);
        end.complete_all();
        co_await handle;
      },
      into(heard));
}

TEST_CASE("a body that outlasts its timeout is complained of by the name of its task") {
  Heard heard;
  run_async(
      [&]() -> Task<> {
        Parking end;
        auto body = [&]() -> Task<> { co_await with_timeout(5s, ignore(end)); };
        JoinHandle<> handle = spawn(body(), "slow to stop");
        co_await sleep(14s);
        CHECK(heard.empty());
        co_await sleep(2s);
        REQUIRE(heard.size() == 1);
        CHECK(heard[0].task == "slow to stop");
        CHECK(mentions(heard[0], "timeout"));
        end.complete_all();
        co_await handle;
      },
      into(heard));
}

TEST_CASE("nobody complains of a task that cleans up within its shield, nor of one that obeyed") {
  Heard heard;
  run_async(
      [&]() -> Task<> {
        Parking end;
        auto clean_up = [&]() -> Task<> { co_await shielded(ignore(end), 1min); };
        JoinHandle<> shielding = spawn(clean_up(), "cleans up");
        Event never;
        JoinHandle<> obeying = spawn(wait_for(never), "obeys");
        co_await yield();
        shielding.cancel();
        obeying.cancel();
        co_await sleep(59s);
        CHECK(heard.empty());
        for (int second = 0; second < 21; ++second) co_await sleep(1s);  // the shield ends, then a grace or two
        CHECK(heard.size() == 1);
        end.complete_all();
        co_await shielding;
        CHECK_THROWS_AS(co_await obeying, Cancelled);
      },
      into(heard));
}

TEST_CASE("the tasks that a closing loop had to destroy are named") {
  Heard heard;
  ManualClock clock;
  Parking end;
  {
    Loop loop(into(heard).clock(clock).shutdown_grace(1s));
    auto main = [&]() -> Task<> {
      spawn(ignore(end), "left over").detach();
      co_await yield();
    };
    run(loop, main());
    loop.close();
  }
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].kind == ComplaintKind::alive_at_close);
  CHECK(heard[0].task == "left over");
  CHECK(heard[0].detail == "it waits for deaf");
}

TEST_CASE("a slow step is complained of when it is over, with its task and place") {
  Heard heard;
  run_async(
      [&]() -> Task<> {
        Loop::current().set_slow_step(Duration(0));  // every step is
        co_await yield();
        Loop::current().set_slow_step(1h);
        CHECK_FALSE(heard.empty());
        CHECK(heard[0].kind == ComplaintKind::slow_step);
        CHECK(heard[0].task == "main");
        CHECK(mentions(heard[0], "held the loop for"));
      },
      into(heard));
}

TEST_CASE("what a hook throws is dropped") {
  run_async(
      []() -> Task<> {
        {
          const Task<> task = forgotten();
        }
        CHECK(Loop::current().stats().never_awaited == 1);
        co_return;
      },
      LoopOptions().on_complaint([](const Complaint&) { throw std::runtime_error("the log is full"); }));
}
