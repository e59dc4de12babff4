#include "observe/exposer.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "observe/collectors.hpp"
#include "observe/http_get.hpp"
#include "observe/page.hpp"
#include "support/gunzip.hpp"

namespace belfry::observe {
namespace {

TEST_CASE("a scrape over HTTP gets the figures of every source") {
  const Exposer exposer("127.0.0.1:0", {.sources = {process_collector()}, .pages = {}});
  REQUIRE(exposer.port() != 0);
  const std::string answer = test::http_get(exposer.port(), "/metrics");
  CHECK(answer.starts_with("HTTP/1.1 200"));
  CHECK(test::value(answer, "process_resident_memory_bytes").value_or(0) > 0);
  CHECK(test::value(answer, "process_open_fds").value_or(0) > 2);
  CHECK(test::value(answer, "process_start_time_seconds").value_or(0) > 1.6e9);
  CHECK(test::http_get(exposer.port(), "/other").starts_with("HTTP/1.1 404"));
}

TEST_CASE("a scrape gets the format and the encoding that it asks for") {
  const Exposer exposer("127.0.0.1:0", {.sources = {process_collector()}, .pages = {}});
  const std::string plain = test::http_get(exposer.port(), "/metrics");
  CHECK_THAT(plain, Catch::Contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") &&
                        Catch::Contains("Vary: Accept, Accept-Encoding\r\n") && !Catch::Contains("Content-Encoding") &&
                        Catch::Contains("# TYPE process_cpu_seconds_total counter\n"));

  const std::string open_metrics =
      test::http_get(exposer.port(), "/metrics", "Accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1\r\n");
  CHECK_THAT(open_metrics,
             Catch::Contains("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n") &&
                 Catch::Contains("# TYPE process_cpu_seconds counter\n") && Catch::EndsWith("# EOF\n"));

  const std::string compressed = test::http_get(exposer.port(), "/metrics", "Accept-Encoding: gzip\r\n");
  CHECK_THAT(compressed, Catch::Contains("Content-Encoding: gzip\r\n"));
  const std::string page = test::gunzip(compressed.substr(compressed.find("\r\n\r\n") + 4));
  CHECK(test::value(page, "process_resident_memory_bytes").value_or(0) > 0);
  CHECK(page.ends_with('\n'));
}

TEST_CASE("a port that is taken is an error which says so") {
  const Exposer first("127.0.0.1:0", {});
  const std::string address = "127.0.0.1:" + std::to_string(first.port());
  CHECK_THROWS_WITH(Exposer(address, {}), Catch::Contains(address) && Catch::Contains("the port is taken"));
}

TEST_CASE("an address that would switch TLS on, add ports or mean nothing is refused") {
  for (const char* address : {"127.0.0.1:9464s", "127.0.0.1:9464,9465", "9464r", "example.org:9464", "[::x]:9464",
                              ":9464", "127.0.0.1:", "127.0.0.1", "127.0.0.1:65536", "127.0.0.1:-1", ""}) {
    CAPTURE(address);
    CHECK_THROWS_AS(Exposer(address, {}), ExposerError);
  }
}

TEST_CASE("a page for debugging is beside the metrics, as text and as JSON") {
  const auto page = [](bool json) -> std::string { return json ? "[1]" : "one"; };
  const Exposer exposer("127.0.0.1:0",
                        {.sources = {process_collector()}, .pages = {{.path = "/debug/x", .text = page}}});
  CHECK_THAT(test::http_get(exposer.port(), "/debug/x"), Catch::EndsWith("one") && Catch::Contains("text/plain"));
  CHECK_THAT(test::http_get(exposer.port(), "/debug/x?format=json"),
             Catch::EndsWith("[1]") && Catch::Contains("application/json"));
  CHECK_THAT(test::http_get(exposer.port(), "/debug/y"), Catch::Contains("404"));
  CHECK_THAT(test::http_get(exposer.port(), "/metrics"), Catch::Contains("process_cpu_seconds_total"));
}

}  // namespace
}  // namespace belfry::observe
