#include "observe/negotiation.hpp"

#include <catch2/catch.hpp>

namespace belfry::observe {
namespace {

TEST_CASE("OpenMetrics goes to who names it and likes it no less than text") {
  const auto open_metrics = [](const char* accept) { return page_format(accept) == PageFormat::open_metrics; };
  // Prometheus 2.42 and 3.0, and one that is told to prefer text.
  CHECK(
      open_metrics("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                   "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
  CHECK(
      open_metrics("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                   "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"));
  CHECK_FALSE(open_metrics("text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4"));
  CHECK(open_metrics("application/openmetrics-text"));
  CHECK(open_metrics("APPLICATION/OpenMetrics-Text ; Version=1.0.0 ; Q=0.8 , text/plain ; q=0.8"));
  CHECK(open_metrics("application/openmetrics-text, */*"));
  CHECK(open_metrics("*/*;q=1, application/openmetrics-text;q=1"));

  CHECK_FALSE(open_metrics(""));
  CHECK_FALSE(open_metrics("*/*"));
  CHECK_FALSE(open_metrics("application/*"));
  CHECK_FALSE(open_metrics("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
  CHECK_FALSE(open_metrics("application/openmetrics-text;q=0"));
  CHECK_FALSE(open_metrics("application/openmetrics-text;q=0.000, */*;q=0.5"));
  CHECK_FALSE(open_metrics("application/openmetrics-text;version=2.0.0"));
  CHECK_FALSE(open_metrics("application/openmetrics-text;version=0.0.1"));
  CHECK_FALSE(open_metrics("text/*;q=0.9,application/openmetrics-text;q=0.8"));
  CHECK_FALSE(open_metrics("application/openmetrics-text;q=0.8,*/*;q=0.9"));
}

TEST_CASE("the most specific wish counts, wherever it stands") {
  CHECK(page_format("text/plain;q=0.1,*/*;q=0.9,application/openmetrics-text;q=0.2") == PageFormat::open_metrics);
  CHECK(page_format("application/openmetrics-text;q=0.2,*/*;q=0.9,text/plain;q=0.1") == PageFormat::open_metrics);
  CHECK(page_format("application/openmetrics-text;q=0.1,text/plain;q=0.2") == PageFormat::text);
}

TEST_CASE("malformed elements are passed over") {
  for (const char* accept :
       {"application/openmetrics-text;q=", "application/openmetrics-text;q=2", "application/openmetrics-text;q=-1",
        "application/openmetrics-text;q=0.5x", "application/openmetrics-text;q=0.12345",
        "application/openmetrics-text;q=nan", ",,;q=1,"}) {
    CAPTURE(accept);
    CHECK(page_format(accept) == PageFormat::text);
    CHECK(page_format(std::string(accept) + ",application/openmetrics-text;q=0.5") == PageFormat::open_metrics);
  }
}

TEST_CASE("gzip goes to who takes it and does not like the plain page better") {
  for (const char* accepting : {"gzip", "GZIP", "x-gzip", "deflate, gzip;q=0.5", "*", "br;q=1, *;q=0.1",
                                "identity;q=0.5, gzip;q=0.5", "gzip, identity;q=0"}) {
    CAPTURE(accepting);
    CHECK(accepts_gzip(accepting));
  }
  for (const char* refusing :
       {"", "identity", "gzip;q=0", "*, gzip;q=0", "deflate, br", "identity, gzip;q=0.5", "gzip;q=x", "*;q=0"}) {
    CAPTURE(refusing);
    CHECK_FALSE(accepts_gzip(refusing));
  }
}

}  // namespace
}  // namespace belfry::observe
