// Queues, retries and the end of the daemon, with senders that do what the test says, on the manual clock.
#include "daemon/notify/notifications.hpp"

#include "post_bed.hpp"

using namespace belfry;
using namespace belfry::test;
using testing::run_async;

TEST_CASE("every channel and every result is there from the beginning, as zero") {
  run_async([]() -> async::Task<> {
    const Bed bed(config("", "ping: {url: 'http://p'}\n"));
    for (const auto* const channel : {"ops", "boss", "ping"}) {
      for (const auto* const result : {"delivered", "failed", "dropped", "suppressed"}) {
        CHECK(bed.count(channel, result) == 0);
      }
      CHECK(bed.figure("belfry_notifications_queued", channel) == 0);
    }
    CHECK(Bed(config()).count("ping", "delivered") == -1);  // nothing is pinged
    co_return;
  });
}

TEST_CASE("messages are delivered in order, and counted") {
  run_async([]() -> async::Task<> {
    Bed bed(config());
    bed.fail("a");  // before anybody serves
    bed.serve();
    bed.fail("b");
    co_await settle();
    CHECK(bed.post.text() == "ops:a ops:b");
    CHECK(bed.count("ops", "delivered") == 2);
    co_await bed.end();
  });
}

TEST_CASE("what may work later is tried again after growing pauses, and given up in the end") {
  run_async([]() -> async::Task<> {
    Bed bed(config("retries: 3, retry_delay: 2s"));
    bed.post.next["ops"] = {later, later, later, later};
    bed.serve();
    bed.fail("a");
    co_await async::sleep(1h);
    const auto spans = pauses(bed.post.sent);
    REQUIRE(spans.size() == 3);
    CHECK(about(spans[0], 2s));
    CHECK(about(spans[1], 4s));
    CHECK(about(spans[2], 8s));
    CHECK(bed.count("ops", "failed") == 1);
    bed.post.next["ops"] = {later};
    bed.fail("b");
    co_await async::sleep(1h);
    CHECK(bed.count("ops", "delivered") == 1);
    CHECK(bed.post.sent.size() == 6);
    co_await bed.end();
  });
}

TEST_CASE("a refusal is not tried again, and who asks for a pause gets it") {
  run_async([]() -> async::Task<> {
    Bed bed(config("retry_delay: 1s"));
    Delivery busy = later;
    busy.not_before = 90s;
    bed.post.next["ops"] = {never, busy};
    bed.serve();
    bed.fail("a");
    bed.fail("b");
    co_await async::sleep(1h);
    REQUIRE(bed.post.text() == "ops:a ops:b ops:b");
    CHECK(pauses(bed.post.sent).at(1) == time::Duration(90s).count());
    CHECK(bed.count("ops", "failed") == 1);
    CHECK(bed.count("ops", "delivered") == 1);
    co_await bed.end();
  });
}

TEST_CASE("what an end or an upgrade cannot deliver in time is told to the log; so is a first try that failed") {
  run_async([]() -> async::Task<> {
    Bed bed(config("retry_delay: 1m"));
    bed.serve();
    bed.post.next["ops"] = {later};
    bed.fail("a");
    co_await settle();
    CHECK(bed.kept.text().contains("will be sent again"));
    co_await bed.notifications.settle(1s);
    CHECK_FALSE(bed.kept.text().contains("before the end"));
    async::Event closed;
    bed.post.gate["ops"] = &closed;
    bed.fail("b");
    co_await bed.notifications.settle(1s);
    CHECK(bed.kept.text().contains(R"("dropped":1)"));
    co_await bed.end();
  });
}

TEST_CASE("a pause is over when the channel is declared anew") {
  run_async([]() -> async::Task<> {
    Bed bed(config("retry_delay: 1m"));
    bed.post.next["ops"] = {later, later};
    bed.serve();
    bed.fail("a");
    co_await settle();
    bed.notifications.apply(plan(config("retry_delay: 2m")));
    co_await settle();
    CHECK(bed.post.text() == "ops:a ops:a");  // and only once: it waits again after that
    co_await async::sleep(1h);
    CHECK(bed.post.text() == "ops:a ops:a ops:a");
    co_await bed.end();
  });
}

TEST_CASE("each check of an sla is an event of its own, for the cooldown and for dedup") {
  for (const char* const keys : {"cooldown: 10m", "dedup: true"}) {
    run_async([&]() -> async::Task<> {
      Bed bed("notify: {ops: {webhook: {url: 'http://a'}, " + std::string(keys) + "}}\n" +
              "jobs: {a: {every: 1m, command: x, notify: {on_late: ops}}}\n");
      using engine::SlaCheck;
      for (const SlaCheck check : {SlaCheck::late_after, SlaCheck::max_runtime, SlaCheck::late_after}) {
        engine::SlaBreached breach;
        breach.job = "a";
        breach.check = check;
        bed.events.publish(breach);
      }
      bed.serve();
      co_await settle();
      CHECK(bed.post.text() == "ops:a ops:a");
      CHECK(bed.count("ops", "suppressed") == 1);
      co_await bed.end();
    });
  }
}

TEST_CASE("a message that nobody has heard is not the first failure, starts no cooldown, and calls for no recovery") {
  const std::string rules =
      "defaults: {notify: {on_failure: ops, on_recovery: ops}}\njobs: {a: {every: 1m, command: x}}\n";
  for (const char* const keys : {"first_failure_only: true", "cooldown: 10m"}) {
    run_async([&]() -> async::Task<> {
      Bed bed("notify: {ops: {webhook: {url: 'http://a'}, retries: 0, " + std::string(keys) + "}}\n" + rules);
      const auto end_run = [&bed](Outcome outcome) -> async::Task<> {
        bed.events.publish(run_ended("a", outcome));
        co_await settle();
      };
      bed.serve();
      bed.post.next["ops"] = {later, never};
      for (const Outcome outcome : {bad, bad, bad, bad, good}) co_await end_run(outcome);
      std::string told;
      for (const auto& each : bed.post.sent) told += each.notice.event + std::to_string(each.notice.failures) + " ";
      CHECK(told == "failure1 failure2 failure3 recovery4 ");  // the fourth is kept back: they know
      CHECK(bed.count("ops", "suppressed") == 1);
      bed.post.sent.clear();
      bed.post.next["ops"] = {never};
      co_await async::sleep(1h);
      for (const Outcome outcome : {bad, good}) co_await end_run(outcome);
      CHECK(bed.post.sent.size() == 1);  // no recovery
      co_await bed.end();
    });
  }
}

TEST_CASE("a message that was dropped was not told, either") {
  run_async([]() -> async::Task<> {
    Bed bed(config("queue_limit: 1, first_failure_only: true"));
    bed.fail("a");
    bed.fail("b");  // drives out the other
    bed.serve();
    co_await settle();
    bed.fail("a");
    bed.fail("b");
    co_await settle();
    CHECK(bed.post.text() == "ops:b ops:a");
    co_await bed.end();
  });
}

TEST_CASE("a full queue drops its oldest message and counts it; other channels do not notice") {
  run_async([]() -> async::Task<> {
    Bed bed(config("queue_limit: 2", "  e: {every: 1m, command: x, notify: {on_failure: boss}}\n"));
    async::Event open;
    bed.post.gate["ops"] = &open;
    bed.serve();
    bed.fail("a");
    co_await settle();  // it is under way
    for (const auto* const job : {"b", "c", "d", "e"}) bed.fail(job);
    co_await settle();
    CHECK(bed.post.text() == "ops:a boss:e");
    CHECK(bed.count("ops", "dropped") == 1);
    CHECK(bed.figure("belfry_notifications_queued", "ops") == 3);
    open.set();
    co_await settle();
    CHECK(bed.post.text() == "ops:a boss:e ops:c ops:d");
    CHECK(bed.figure("belfry_notifications_queued", "ops") == 0);
    co_await bed.end();
  });
}

TEST_CASE("outputs that wait are bounded, too: the oldest messages make room") {
  run_async([]() -> async::Task<> {
    Bed bed(
        "notify: {ops: {webhook: {url: 'http://a'}, send_output: 1M, dedup: false}}\n"
        "jobs: {a: {every: 1m, command: x, notify: {on_failure: ops}}}\n");
    for (ledger::RunId run = 1; run <= 20; ++run) {
      ledger::AttemptEnded attempt;
      attempt.run = run;
      attempt.job = "a";
      attempt.standard_output.head.assign(std::size_t{1} << 20U, 'x');
      bed.events.publish(attempt);
      bed.events.publish(run_ended("a", bad, run));
    }
    CHECK(bed.count("ops", "dropped") == 12);
    bed.serve();
    co_await settle();
    REQUIRE(bed.post.sent.size() == 8);
    CHECK(bed.post.sent.front().notice.run == 13);
    CHECK(bed.post.sent.back().notice.output.size() == std::size_t{1} << 20U);
    co_await bed.end();
  });
}

TEST_CASE("dedup: a message takes the place of its like that still waits") {
  for (const bool dedup : {true, false}) {
    run_async([dedup]() -> async::Task<> {
      Bed bed(config(dedup ? "dedup: true" : "dedup: false"));
      async::Event open;
      bed.post.gate["ops"] = &open;
      bed.serve();
      bed.fail("a");
      co_await settle();
      for (int i = 0; i < 3; ++i) bed.fail("b");
      open.set();
      co_await settle();
      CHECK(bed.post.text() == (dedup ? "ops:a ops:b" : "ops:a ops:b ops:b ops:b"));
      CHECK(bed.post.sent.at(1).notice.repeated == (dedup ? 2 : 0));
      CHECK(bed.post.sent.at(1).notice.failures == (dedup ? 3 : 1));
      CHECK(bed.count("ops", "suppressed") == (dedup ? 2 : 0));
      co_await bed.end();
    });
  }
}

TEST_CASE(
    "a reload loses nothing: what waits goes the new way, and what waits for a channel that is gone the old one") {
  run_async([]() -> async::Task<> {
    Bed bed(config("retries: 0"));
    async::Event open;
    bed.post.gate["ops"] = &open;
    bed.serve();
    bed.fail("a");
    co_await settle();
    bed.fail("b");
    bed.notifications.apply(plan(config("queue_limit: 7")));
    bed.notifications.apply(
        plan("notify: {boss: {webhook: {url: 'http://b'}}}\ndefaults: {notify: {on_failure: boss}}\n"
             "jobs: {a: {every: 1m, command: x}}\n"));
    CHECK(bed.count("ops", "delivered") == -1);
    bed.fail("a");
    co_await settle();
    CHECK(bed.post.text() == "ops:a boss:a");
    open.set();
    co_await settle();
    CHECK(bed.post.text() == "ops:a boss:a ops:b");
    bed.notifications.apply(plan(config()));  // it comes back
    bed.fail("c");
    co_await settle();
    CHECK(bed.post.text() == "ops:a boss:a ops:b ops:c");
    CHECK(bed.count("ops", "delivered") == 3);
    co_await bed.end();
  });
}

TEST_CASE("at the end what waits is delivered without pauses, for so long and no longer") {
  run_async([]() -> async::Task<> {
    Bed bed(config("retry_delay: 5m"));
    bed.post.next["ops"] = {later, later};
    bed.serve();
    bed.fail("a");
    bed.fail("b");
    co_await settle();
    const auto before = async::Loop::current().now_ns();
    co_await bed.notifications.finish(10s);
    CHECK(bed.post.text() == "ops:a ops:a ops:a ops:b");
    CHECK(async::Loop::current().now_ns() == before);

    async::Event never_open;
    bed.post.gate["ops"] = &never_open;
    bed.fail("c");
    bed.fail("d");
    co_await bed.notifications.finish(10s);
    CHECK(async::Loop::current().now_ns() - before == time::Duration(10s).count());
    co_await bed.end();
    CHECK(bed.count("ops", "delivered") == 2);
    CHECK(bed.count("ops", "dropped") == 2);
  });
}

TEST_CASE("who has no patience ends the end") {
  run_async([]() -> async::Task<> {
    Bed bed(config());
    async::Event never_open;
    bed.post.gate["ops"] = &never_open;
    bed.serve();
    bed.fail("a");
    co_await settle();
    const auto before = async::Loop::current().now_ns();
    auto finishing = async::spawn(bed.notifications.finish(1h), async::SpawnOptions("finish"));
    co_await settle();
    bed.notifications.give_up();
    co_await finishing.join();
    CHECK(async::Loop::current().now_ns() == before);
    co_await bed.end();
  });
}

TEST_CASE("a test message goes beside the queue, once") {
  run_async([]() -> async::Task<> {
    Bed bed(config());
    bed.post.next["ops"] = {later};
    const auto failed = co_await bed.notifications.test("ops");
    REQUIRE(failed);
    CHECK(failed->result == Result::unfinished);
    CHECK(bed.post.sent.size() == 1);
    CHECK(bed.post.sent.at(0).notice.event == "test");
    const auto unknown = co_await bed.notifications.test("opps");
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error() == "there is no channel \"opps\"; did you mean \"ops\"?");
  });
}
