// Which pings events make, and that those of one job arrive in order while those of others do not wait for them.
#include <mutex>
#include <semaphore>

#include "daemon/notify/ping_queue.hpp"
#include "daemon/notify/ping_source.hpp"
#include "jobs/run_ids.hpp"
#include "support/async_fixture.hpp"
#include "support/http_peer.hpp"
#include "told_bed.hpp"

using namespace belfry;
using namespace belfry::test;
using daemon::Ping;
using daemon::PingSource;

namespace {

std::string path_of(const Ping& ping) { return ping.url.substr(0, ping.url.find('?')); }

std::optional<Ping> ended(PingSource& source, Outcome outcome) { return source.on(run_ended("a", outcome)); }

std::shared_ptr<const daemon::NotifyPlan> pinging(const std::string& keys) {
  return plan("jobs: {a: {every: 1m, command: x, ping: {url: 'https://hc/uuid', " + keys + "}}}\n");
}

}  // namespace

TEST_CASE("a run pings its start and its end, with one id") {
  PingSource source("ledger");
  source.apply(pinging("timeout: 3s"));
  const auto start = source.on(run_started("a"));
  REQUIRE(start);
  CHECK(start->url == "https://hc/uuid/start?rid=" + jobs::run_uuid("ledger", 7));
  CHECK(start->body.empty());
  CHECK(start->timeout == 3s);
  CHECK(ended(source, good)->url == "https://hc/uuid?rid=" + jobs::run_uuid("ledger", 7));
  CHECK(path_of(*ended(source, bad)) == "https://hc/uuid/fail");
  CHECK(path_of(*ended(source, Outcome::lost)) == "https://hc/uuid/fail");
  CHECK(path_of(*ended(source, Outcome::cancelled)) == "https://hc/uuid/log");
  CHECK(ended(source, bad)->body == "failure: exit code 3\n");
  CHECK_FALSE(source.on(run_started("b")));
}

TEST_CASE("only what is asked for is pinged") {
  PingSource source("ledger");
  source.apply(pinging("on: [success]"));
  CHECK_FALSE(source.on(run_started("a")));
  CHECK_FALSE(ended(source, bad));
  CHECK_FALSE(ended(source, Outcome::cancelled));
  CHECK(ended(source, good));
}

TEST_CASE("the end of the output of the last attempt is sent within its budget") {
  PingSource source("ledger");
  source.apply(pinging("send_output: 5"));
  ledger::AttemptEnded attempt;
  attempt.run = 7;
  attempt.job = "a";
  attempt.standard_output = {.head = "first try", .tail = "", .total_bytes = 9, .dropped_bytes = 0};
  source.on(attempt);
  attempt.standard_output = {.head = "12345", .tail = "6789", .total_bytes = 900, .dropped_bytes = 891};
  attempt.standard_error = {.head = "ab", .tail = "", .total_bytes = 2, .dropped_bytes = 0};
  source.on(attempt);
  CHECK(ended(source, good)->body == "success: exit code 3\n789ab");
  CHECK(ended(source, good)->body == "success: exit code 3\n");  // it is not kept
}

TEST_CASE("the output of an attempt that is followed by another is not kept meanwhile") {
  PingSource source("ledger");
  source.apply(pinging("send_output: 5"));
  ledger::AttemptEnded attempt;
  attempt.run = 7;
  attempt.job = "a";
  attempt.standard_output.head = "12345";
  source.on(attempt);
  source.on(engine::RetryPlanned{.run = 7, .job = "a"});
  CHECK(ended(source, good)->body == "success: exit code 3\n");
}

TEST_CASE("what belongs to the path comes before the query") {
  CHECK(daemon::ping_url("https://hc/uuid/?a=b#c", "/start", "R") == "https://hc/uuid/start?a=b&rid=R");
  CHECK(daemon::ping_url("https://hc/uuid/", "", "R") == "https://hc/uuid/?rid=R");
}

TEST_CASE("{{job}} in the URL of defaults is each job's name") {
  PingSource source("ledger");
  source.apply(plan("defaults: {ping: {url: 'https://hc/key/{{job}}'}}\njobs: {a: {every: 1m, command: x}}\n"));
  CHECK(path_of(*ended(source, good)) == "https://hc/key/a");
}

TEST_CASE("the pings of one job come in order, and those of another one do not wait for them") {
  std::mutex mutex;
  std::vector<std::string> seen;
  std::binary_semaphore quick_came(0);
  const auto serve = [&](int connection) {
    const std::string request = HttpPeer::read_request(connection);
    const std::string path = request.substr(5, request.find(' ', 5) - 5);
    {
      const std::scoped_lock lock(mutex);
      seen.push_back(path);
    }
    if (path == "/slow/1") quick_came.acquire();  // not answered before the other job's came
    if (path == "/quick") quick_came.release();
    HttpPeer::answer(connection, "200 OK");
  };
  HttpPeer slow(serve);
  HttpPeer quick(serve);
  testing::run_real([&]() -> async::Task<> {
    KeptLog kept;
    daemon::DeliveryLog delivery_log(kept.log);
    daemon::NotifyCounts counts;
    async::Event hurry;
    daemon::PingQueue queue(counts.of("ping"), delivery_log, hurry);
    auto body = [&](async::TaskGroup& group) -> async::Task<> {
      queue.start(group);
      for (const auto* const path : {"/slow/1", "/slow/2", "/slow/3"}) {
        queue.put({.job = "slow", .url = slow.url(path), .body = {}, .timeout = 1min});
      }
      queue.put({.job = "quick", .url = quick.url("/quick"), .body = {}, .timeout = 1min});
      co_await queue.emptied();
    };
    co_await async::with_task_group(std::move(body));
    CHECK(counts.of("ping")->delivered.get() == 4);
  });
  std::erase(seen, "/quick");
  CHECK(seen == std::vector<std::string>{"/slow/1", "/slow/2", "/slow/3"});
}

TEST_CASE("the pings that wait are bounded, the oldest of a job goes first, and it is counted") {
  testing::run_async([]() -> async::Task<> {
    KeptLog kept;
    daemon::DeliveryLog delivery_log(kept.log);
    daemon::NotifyCounts counts;
    async::Event hurry;
    daemon::PingQueue queue(counts.of("ping"), delivery_log, hurry);
    const auto put = [&queue](int job) {
      queue.put({.job = std::to_string(job), .url = "http://x", .body = {}, .timeout = 1s});
    };
    for (int i = 0; i < 25; ++i) put(0);
    CHECK(queue.size() == daemon::PingQueue::most_of_job);
    CHECK(counts.of("ping")->dropped.get() == 5);
    for (int i = 0; i < 20'000; ++i) put(i);
    CHECK(queue.size() == daemon::PingQueue::most);
    queue.drop_all();
    CHECK(queue.size() == 0);
    CHECK(counts.of("ping")->queued.get() == 0);
    co_return;
  });
}
