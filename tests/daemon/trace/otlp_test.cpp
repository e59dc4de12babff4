// A request of OTLP as the protocol has it, and what answers mean.
#include "daemon/trace/otlp.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace belfry;
using namespace belfry::daemon;
using namespace std::chrono_literals;
using Json = nlohmann::json;
using Result = Delivery::Result;

namespace {

const TraceResource resource{.service_name = "belfry", .version = "1.2", .instance = "abc", .host = "db1"};

Json document_of(const std::vector<Span>& spans) {
  TraceDocument document(resource);
  for (const Span& span : spans) document.add(span);
  CHECK(document.spans() == spans.size());
  return Json::parse(std::move(document).finish());
}

Span span() {
  return {.trace = std::string(32, 'a'),
          .id = std::string(16, 'b'),
          .parent = {},
          .name = "backup",
          .start = time::WallTime(1'700'000'000'123'456'789ns),
          .end = time::WallTime(1'700'000'001'000'000'000ns)};
}

Delivery answered(int status) {
  return trace_delivery(io::HttpAnswer{.status = status, .body = {}, .redirect_origin = {}, .retry_after = 7s},
                        "http://c");
}

}  // namespace

TEST_CASE("a request has the keys of OTLP, and nothing else") {
  Span root = span();
  root.status = Span::Status::ok;
  root.attributes = {{"text", std::string("x")}, {"count", std::int64_t{1} << 60U}, {"share", 0.5}};
  Span child = span();
  child.id = std::string(16, 'c');
  child.parent = root.id;
  child.status = Span::Status::error;
  child.message = "exit code 3";
  child.link = Span::Link{.trace = std::string(32, 'd'), .id = std::string(16, 'e')};
  const Json expected = Json::parse(R"({"resourceSpans": [{
    "resource": {"attributes": [
      {"key": "service.name", "value": {"stringValue": "belfry"}},
      {"key": "service.version", "value": {"stringValue": "1.2"}},
      {"key": "service.instance.id", "value": {"stringValue": "abc"}},
      {"key": "host.name", "value": {"stringValue": "db1"}}]},
    "scopeSpans": [{"scope": {"name": "belfry", "version": "1.2"}, "spans": [
      {"traceId": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "spanId": "bbbbbbbbbbbbbbbb", "name": "backup", "kind": 1,
       "startTimeUnixNano": "1700000000123456789", "endTimeUnixNano": "1700000001000000000",
       "attributes": [{"key": "text", "value": {"stringValue": "x"}},
                      {"key": "count", "value": {"intValue": "1152921504606846976"}},
                      {"key": "share", "value": {"doubleValue": 0.5}}],
       "status": {"code": 1}},
      {"traceId": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "spanId": "cccccccccccccccc", "parentSpanId": "bbbbbbbbbbbbbbbb",
       "name": "backup", "kind": 1,
       "startTimeUnixNano": "1700000000123456789", "endTimeUnixNano": "1700000001000000000",
       "attributes": [],
       "links": [{"traceId": "dddddddddddddddddddddddddddddddd", "spanId": "eeeeeeeeeeeeeeee"}],
       "status": {"code": 2, "message": "exit code 3"}}]}]}]})");
  CHECK(document_of({root, child}) == expected);
}

TEST_CASE("a message of any bytes makes a valid request") {
  Span odd = span();
  odd.message = std::string("\xff\"\n\0", 4);
  const Json json = document_of({odd});
  CHECK(json["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["status"]["message"] ==
        std::string("\xef\xbf\xbd\"\n\0", 6));
}

TEST_CASE("tried again is what the protocol says may be, after the pause that is asked for") {
  for (const int status : {429, 502, 503, 504}) {
    CHECK(answered(status).result == Result::unfinished);
    CHECK(answered(status).not_before == 7s);
  }
  for (const int status : {200, 202, 204}) CHECK(answered(status).result == Result::delivered);
  for (const int status : {301, 400, 401, 404, 408, 413, 425, 500, 501}) {
    CHECK(answered(status).result == Result::refused);
  }
  using Kind = io::TransferFailure::Kind;
  const auto failed = [](Kind kind) {
    return trace_delivery(std::unexpected(io::TransferFailure{kind, "why"}), "http://c");
  };
  CHECK(failed(Kind::unreachable).result == Result::unfinished);
  CHECK(failed(Kind::timeout).result == Result::unfinished);
  CHECK(failed(Kind::untrusted).result == Result::refused);
  CHECK(failed(Kind::untrusted).detail == "why");
}

TEST_CASE("rejected spans are counted, and no answer makes them more than were sent, or less than none") {
  CHECK(rejected_spans(R"({"partialSuccess": {"rejectedSpans": "3", "errorMessage": "old"}})", 5) == 3);
  CHECK(rejected_spans(R"({"partialSuccess": {"rejectedSpans": 3}})", 5) == 3);
  CHECK(rejected_spans(R"({"partialSuccess": {"rejectedSpans": "99999999999999999999"}})", 5) == 0);
  CHECK(rejected_spans(R"({"partialSuccess": {"rejectedSpans": 17}})", 5) == 5);
  for (const std::string& body :
       {std::string("{}"), std::string(), std::string("<html>"), std::string("[1]"), std::string("7"),
        std::string(R"({"partialSuccess": 1})"), std::string(R"({"partialSuccess": {}})"),
        std::string(R"({"partialSuccess": {"rejectedSpans": "-3"}})"),
        std::string(R"({"partialSuccess": {"rejectedSpans": -3}})"),
        std::string(R"({"partialSuccess": {"rejectedSpans": [1]}})"), std::string(16'000, '['),
        std::string("\xff\xff")}) {
    CHECK(rejected_spans(body, 5) == 0);
  }
}
