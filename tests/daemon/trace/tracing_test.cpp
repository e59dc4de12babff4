// The queue of spans, batches, tries and the end of the daemon, with a collector that does what the test says, on the
// manual clock.
#include "daemon/trace/tracing.hpp"

#include <prometheus/metric_family.h>

#include <nlohmann/json.hpp>

#include "async/spawn.hpp"
#include "daemon/notify/told_bed.hpp"
#include "support/async_fixture.hpp"

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;
using belfry::testing::settle;
using daemon::SpanExporter;
using daemon::Tracing;
using daemon::TracingSettings;
using Json = nlohmann::json;

namespace {

/// What the collector was sent, and what it answers next; then 200.
struct Collector {
  struct Request {
    io::HttpRequest request;
    std::int64_t at = 0;
    std::size_t spans = 0;
  };
  std::vector<Request> requests;
  std::vector<SpanExporter::Answer> next;
  async::Event* gate = nullptr;  // an answer waits for it

  async::Task<SpanExporter::Answer> answer(io::HttpRequest request) {
    const auto spans = Json::parse(request.body).at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").size();
    requests.push_back({.request = std::move(request), .at = async::Loop::current().now_ns(), .spans = spans});
    if (gate != nullptr) co_await gate->wait();
    SpanExporter::Answer answer = io::HttpAnswer{.status = 200, .body = "{}", .redirect_origin = {}, .retry_after = {}};
    if (!next.empty()) {
      answer = std::move(next.front());
      next.erase(next.begin());
    }
    co_return answer;
  }

  std::vector<std::size_t> sizes() const {
    std::vector<std::size_t> all;
    for (const Request& each : requests) all.push_back(each.spans);
    return all;
  }
  std::vector<std::int64_t> pauses() const {
    std::vector<std::int64_t> spans;
    for (std::size_t i = 1; i < requests.size(); ++i) spans.push_back(requests[i].at - requests[i - 1].at);
    return spans;
  }
};

SpanExporter::Answer status(int code, std::optional<time::Duration> retry_after = std::nullopt) {
  return io::HttpAnswer{.status = code, .body = {}, .redirect_origin = {}, .retry_after = retry_after};
}

SpanExporter::Answer down() {
  return std::unexpected(io::TransferFailure{io::TransferFailure::Kind::unreachable, "Connection refused"});
}

bool about(std::int64_t span, time::Duration wanted) {
  return span >= wanted.count() * 8 / 10 && span <= wanted.count() * 12 / 10;
}

TracingSettings to(const std::string& url, int queue_limit = 4096) {
  TracingSettings settings;
  settings.endpoint.text = url;
  settings.headers = {{.name = "X-Key", .value = {"secret"}}};
  settings.queue_limit = queue_limit;
  return settings;
}

struct Bed {
  KeptLog kept;
  engine::EventStream events;
  Collector collector;
  Tracing tracing{kept.log, "ledger", "1.2",
                  [this](io::HttpRequest request) { return collector.answer(std::move(request)); }};
  async::JoinHandle<void> serving;

  explicit Bed(const std::optional<TracingSettings>& settings = to("http://a:4318")) {
    tracing.apply(settings);
    tracing.subscribe(events);
    serving = async::spawn(tracing.serve(), async::SpawnOptions("tracing"));
  }
  async::Task<> end() {
    serving.cancel();
    try {
      co_await serving.join();
    } catch (const async::Cancelled&) {  // as it should
    }
  }
  /// A span each.
  void end_runs(int count = 1) {
    for (int i = 0; i < count; ++i) events.publish(run_ended("a", good, ++run));
  }
  std::size_t lines(const std::string& message) {
    const std::string text = kept.text();
    std::size_t count = 0;
    for (auto at = text.find(message); at != std::string::npos; at = text.find(message, at + 1)) ++count;
    return count;
  }
  double figure(const std::string& name, const std::string& result = "") const {
    for (const auto& family : tracing.collector()->Collect()) {
      if (family.name != name) continue;
      for (const auto& metric : family.metric) {
        if (result.empty() || metric.label.at(0).value == result) return metric.counter.value + metric.gauge.value;
      }
    }
    return -1;
  }
  double count(const std::string& result) const { return figure("belfry_trace_spans_total", result); }
  double queued() const { return figure("belfry_trace_spans_queued"); }

  ledger::RunId run = 0;
};

}  // namespace

TEST_CASE("spans are sent together, once the first of them has waited for the interval") {
  run_async([]() -> async::Task<> {
    Bed bed;
    for (const auto* const result : {"exported", "failed", "dropped"}) CHECK(bed.count(result) == 0);
    co_await settle();
    const auto since = async::Loop::current().now_ns();
    bed.end_runs(3);
    CHECK(bed.queued() == 3);
    co_await async::sleep(1min);
    REQUIRE(bed.collector.sizes() == std::vector<std::size_t>{3});
    CHECK(bed.collector.requests[0].at - since == time::Duration(5s).count());
    CHECK(bed.count("exported") == 3);
    CHECK(bed.queued() == 0);
    co_await bed.end();
  });
}

TEST_CASE("a request goes to the endpoint with its headers, within its timeout") {
  run_async([]() -> async::Task<> {
    Bed bed(to("http://a:4318"));
    bed.end_runs();
    co_await async::sleep(1min);
    REQUIRE(bed.collector.requests.size() == 1);
    const io::HttpRequest& request = bed.collector.requests[0].request;
    CHECK(request.method == "POST");
    CHECK(request.url == "http://a:4318/v1/traces");
    CHECK(request.headers == std::vector<std::string>{"Content-Type: application/json", "X-Key: secret"});
    CHECK(request.timeout == 10s);
    const Json json = Json::parse(request.body);
    CHECK(json["resourceSpans"][0]["resource"]["attributes"][0]["value"]["stringValue"] == "belfry");
    co_await bed.end();
  });
}

TEST_CASE("a full batch goes at once, and what is more than one goes in several") {
  run_async([]() -> async::Task<> {
    Bed bed;
    bed.end_runs(1100);
    co_await async::sleep(1ms);
    CHECK(bed.collector.sizes() == std::vector<std::size_t>{512, 512});
    co_await async::sleep(1min);
    CHECK(bed.collector.sizes() == std::vector<std::size_t>{512, 512, 76});
    CHECK(bed.count("exported") == 1100);
    co_await bed.end();
  });
}

TEST_CASE("a collector that is down is tried after growing pauses until it is there, however long that takes") {
  run_async([]() -> async::Task<> {
    Bed bed;
    for (int i = 0; i < 40; ++i) bed.collector.next.push_back(i % 2 == 0 ? down() : status(503));
    bed.end_runs();
    co_await async::sleep(2h);
    const auto pauses = bed.collector.pauses();
    REQUIRE(pauses.size() == 40);
    CHECK(about(pauses[0], 1s));
    CHECK(about(pauses[1], 2s));
    CHECK(about(pauses[2], 4s));
    CHECK(about(pauses[39], SpanExporter::longest_pause));
    CHECK(bed.count("exported") == 1);
    CHECK(bed.count("failed") == 0);
    co_await bed.end();
  });
}

TEST_CASE("the log tells each trouble once a minute, that it is over, and no secret") {
  run_async([]() -> async::Task<> {
    TracingSettings settings = to("http://me:PASSWORD@a/TOKEN");
    settings.headers = {{.name = "Authorization", .value = {"HEADER"}}};
    Bed bed(settings);
    for (int i = 0; i < 5; ++i) bed.collector.next.push_back(down());  // within a minute
    bed.end_runs();
    co_await async::sleep(50s);
    CHECK(bed.lines("traces could not be exported and are kept") == 1);
    CHECK(bed.lines("traces are exported again") == 1);
    bed.collector.next = {status(400), status(400)};
    for (int i = 0; i < 2; ++i) {
      bed.end_runs();
      co_await async::sleep(10s);
    }
    CHECK(bed.lines("traces were not exported and are lost") == 1);
    CHECK(bed.lines("http://a answered with HTTP status 400") == 1);
    for (const auto* const secret : {"PASSWORD", "TOKEN", "HEADER"}) CHECK(bed.lines(secret) == 0);
    co_await bed.end();
  });
}

TEST_CASE("a pause that the collector asks for is kept, up to a minute") {
  run_async([]() -> async::Task<> {
    Bed bed;
    bed.collector.next = {status(429, 20s), status(503, 24h)};
    bed.end_runs();
    co_await async::sleep(1h);
    const auto pauses = bed.collector.pauses();
    REQUIRE(pauses.size() == 2);
    CHECK(pauses[0] == time::Duration(20s).count());
    CHECK(pauses[1] == SpanExporter::longest_pause.count());
    co_await bed.end();
  });
}

TEST_CASE("what is refused is not sent again, and what was rejected is counted apart") {
  run_async([]() -> async::Task<> {
    Bed bed;
    bed.collector.next = {status(400)};
    bed.collector.next.emplace_back(io::HttpAnswer{.status = 200,
                                                   .body = R"({"partialSuccess": {"rejectedSpans": "2"}})",
                                                   .redirect_origin = {},
                                                   .retry_after = {}});
    bed.end_runs(3);
    co_await async::sleep(1min);
    CHECK(bed.count("failed") == 3);
    bed.end_runs(5);
    co_await async::sleep(1min);
    CHECK(bed.collector.sizes() == std::vector<std::size_t>{3, 5});
    CHECK(bed.count("failed") == 5);
    CHECK(bed.count("exported") == 3);
    co_await bed.end();
  });
}

TEST_CASE("what waits beside the batch under way is bounded: the oldest makes room, and is counted") {
  run_async([]() -> async::Task<> {
    Bed bed(to("http://a", 20));
    async::Event open;
    bed.collector.gate = &open;
    bed.end_runs(8);
    co_await async::sleep(6s);  // under way
    CHECK(bed.collector.sizes() == std::vector<std::size_t>{8});
    bed.end_runs(1000);
    CHECK(bed.queued() == 28);
    CHECK(bed.count("dropped") == 980);
    open.set();
    co_await async::sleep(1min);
    CHECK(bed.collector.sizes() == std::vector<std::size_t>{8, 20});
    CHECK(bed.count("exported") == 28);
    const Json last = Json::parse(bed.collector.requests.back().request.body);
    const Json& spans = last["resourceSpans"][0]["scopeSpans"][0]["spans"];
    CHECK(spans[19]["spanId"] == jobs::TraceIds("ledger", 1008).run_span());  // the newest is there
    co_await bed.end();
  });
}

TEST_CASE("a reload: what waits goes the new way at once, also what is being tried again") {
  run_async([]() -> async::Task<> {
    Bed bed;
    for (int i = 0; i < 8; ++i) bed.collector.next.push_back(down());
    bed.end_runs(2);
    co_await async::sleep(100s);  // the next pause takes a minute
    const auto before = bed.collector.requests.size();
    REQUIRE(before >= 6);
    bed.collector.next.clear();
    bed.tracing.apply(to("https://b/otlp"));
    co_await settle();
    REQUIRE(bed.collector.requests.size() == before + 1);
    CHECK(bed.collector.requests.back().request.url == "https://b/otlp");
    CHECK(bed.count("exported") == 2);
    bed.tracing.apply(to("https://b/otlp", 1));
    bed.end_runs(3);
    CHECK(bed.count("dropped") == 2);
    co_await bed.end();
  });
}

TEST_CASE("a reload while a try is under way: should that fail, the next one goes the new way without a pause") {
  run_async([]() -> async::Task<> {
    Bed bed;
    async::Event open;
    bed.collector.gate = &open;
    bed.collector.next = {status(503, 60s)};
    bed.end_runs(2);
    co_await async::sleep(6s);
    REQUIRE(bed.collector.requests.size() == 1);
    bed.tracing.apply(to("http://b"));
    bed.end_runs();
    open.set();
    co_await settle();
    REQUIRE(bed.collector.requests.size() == 2);
    CHECK(bed.collector.requests[1].request.url == "http://b/v1/traces");
    CHECK(bed.collector.requests[1].spans == 2);
    CHECK(bed.count("exported") == 2);
    CHECK(bed.queued() == 1);
    co_await bed.end();
  });
}

TEST_CASE("switched off, what waits is tried once more the old way, and nothing is traced any more") {
  run_async([]() -> async::Task<> {
    Bed bed;
    bed.end_runs(2);
    co_await settle();
    bed.collector.next = {down()};
    bed.tracing.apply(std::nullopt);
    CHECK_FALSE(bed.tracing.on());
    bed.end_runs(3);
    co_await async::sleep(1h);
    CHECK(bed.collector.sizes() == std::vector<std::size_t>{2});
    CHECK(bed.queued() == -1);
    bed.tracing.apply(to("http://c"));
    bed.end_runs(4);
    co_await async::sleep(4s);
    CHECK(bed.collector.requests.size() == 1);  // they wait for others again
    co_await async::sleep(1min);
    CHECK(bed.collector.sizes() == std::vector<std::size_t>{2, 4});
    CHECK(bed.count("failed") == 2);
    co_await bed.end();
  });
}

TEST_CASE("the end: what waits is tried once more without a pause, all of it, and no longer than the patience") {
  run_async([]() -> async::Task<> {
    Bed bed;
    bed.end_runs(600);
    bed.collector.next = {status(503), status(503)};
    co_await settle();  // a first try was made before
    co_await bed.tracing.finish(5s);
    CHECK(bed.collector.sizes() == std::vector<std::size_t>{512, 512, 88});
    CHECK(bed.count("failed") == 512);
    CHECK(bed.count("exported") == 88);
    async::Event never;
    bed.collector.gate = &never;
    bed.end_runs(7);
    const auto since = async::Loop::current().now_ns();
    co_await bed.tracing.finish(5s);
    CHECK(async::Loop::current().now_ns() - since == time::Duration(5s).count());
    co_await bed.end();
    CHECK(bed.count("dropped") == 7);
    CHECK(bed.queued() == 0);
  });
}

TEST_CASE("an end that somebody is tired of is over at once; with nothing that waits it takes no time") {
  run_async([]() -> async::Task<> {
    Bed bed;
    const auto since = async::Loop::current().now_ns();
    co_await bed.tracing.finish(5s);
    async::Event never;
    bed.collector.gate = &never;
    bed.end_runs(7);
    auto finishing = async::spawn(bed.tracing.finish(5s), async::SpawnOptions("finish"));
    co_await settle();
    bed.tracing.give_up();
    co_await finishing.join();
    CHECK(async::Loop::current().now_ns() == since);
    co_await bed.end();
  });
}

TEST_CASE("before an upgrade all that waits is sent; if that was not possible, things go on as before") {
  run_async([]() -> async::Task<> {
    Bed bed;
    bed.end_runs(2);
    co_await bed.tracing.settle(5s);
    CHECK(bed.count("exported") == 2);
    bed.collector.next = {down()};
    bed.end_runs(2);
    co_await async::sleep(1min);
    CHECK(bed.count("exported") == 4);  // tried again
    co_await bed.end();
  });
}
