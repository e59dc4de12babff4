// What the keys of tracing mean, and where spans go.
#include <catch2/catch.hpp>
#include <fstream>

#include "daemon/config/catalog_builder.hpp"
#include "good_file.hpp"
#include "support/temp_dir.hpp"

using namespace belfry::daemon;
using namespace std::chrono_literals;
using testing::load;

TEST_CASE("tracing is off unless it is asked for") { CHECK_FALSE(load("jobs: {}\n").tracing); }

TEST_CASE("tracing is read, and has defaults") {
  const auto tracing = load(R"(tracing:
  endpoint: https://otlp.example.org/x
  headers: {Authorization: Bearer x, X-Id: "7"}
  service_name: nightly
  interval: 2s
  queue_limit: 7
  timeout: 3s
  ca_file: ca.pem
jobs: {}
)")
                           .tracing;
  REQUIRE(tracing);
  CHECK(tracing->endpoint.text == "https://otlp.example.org/x");
  REQUIRE(tracing->headers.size() == 2);
  CHECK(tracing->headers.at(1).name == "X-Id");
  CHECK(tracing->headers.at(1).value.text == "7");
  CHECK(tracing->service_name == "nightly");
  CHECK(tracing->interval == 2s);
  CHECK(tracing->queue_limit == 7);
  CHECK(tracing->timeout == 3s);
  CHECK(tracing->ca_file == "/etc/belfry/ca.pem");
  const auto plain = load("tracing: {endpoint: 'http://localhost:4318'}\njobs: {}\n").tracing;
  REQUIRE(plain);
  CHECK(plain->service_name == "belfry");
  CHECK(plain->interval == 5s);
  CHECK(plain->queue_limit == 4096);
  CHECK(plain->timeout == 10s);
  CHECK(plain->ca_file.empty());
}

TEST_CASE("the endpoint and headers of traces are read from files by belfryd alone") {
  const belfry::test::TempDir dir;
  std::ofstream(dir / "url") << "https://SECRET@otlp\n";
  std::ofstream(dir / "token") << "Bearer TOKEN\n";
  const auto name = (dir / "scheduler.yaml").native();
  std::ofstream(name) << "tracing: {endpoint_file: url, headers: {Authorization: {file: token}}}\njobs: {}\n";
  const auto loaded = load_with_files(name, {.actions = nullptr, .started = {}, .read_secrets = true});
  REQUIRE(loaded.config);
  CHECK(loaded.config->tracing->endpoint.text == "https://SECRET@otlp");
  CHECK(loaded.config->tracing->headers.at(0).value.text == "Bearer TOKEN");
  CHECK(loaded.files.size() == 3);  // a change of any of them is a reload
  const auto by_client = load_with_files(name, {});
  REQUIRE(by_client.config);
  CHECK(by_client.config->tracing->endpoint.text.empty());
}

TEST_CASE("an endpoint without a path has the one of OTLP, as OTEL_EXPORTER_OTLP_ENDPOINT has") {
  CHECK(traces_url("http://localhost:4318") == "http://localhost:4318/v1/traces");
  CHECK(traces_url("http://localhost:4318/") == "http://localhost:4318/v1/traces");
  CHECK(traces_url("https://u:p@h?key=1/2") == "https://u:p@h/v1/traces?key=1/2");
  CHECK(traces_url("https://h/?key=1") == "https://h/v1/traces?key=1");
  CHECK(traces_url("https://h/otlp/v1/traces") == "https://h/otlp/v1/traces");
  CHECK(traces_url("https://h/otlp?key=1#part") == "https://h/otlp?key=1");
  CHECK(traces_url("").empty());
}

TEST_CASE("that a job is traced makes no other job of it: it keeps its state over a reload") {
  const std::string jobs = "jobs: {a: {every: 1m, command: x}}\n";
  const auto traced = load("tracing: {endpoint: 'http://localhost:4318'}\n" + jobs);
  CHECK(fingerprint(load(jobs).jobs.at(0)) == fingerprint(traced.jobs.at(0)));
}
