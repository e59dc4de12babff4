#include "observe/page_writer.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <utility>

#include "observe/family.hpp"
#include "support/gunzip.hpp"

namespace belfry::observe {
namespace {

constexpr std::array kBounds{0.0005, 1.0, 120.0};

/// One family of each kind, with all that must be escaped, and an exemplar.
std::string page(PageFormat format, bool gzip = false) {
  PageWriter writer(format, gzip);
  FamilyBuilder::counter("b_runs_total", "Runs, \"all\" of them.\nOn a \\ line.")
      .add({{"job_name", "a\"b\\c\nd"}, {"outcome", "success"}}, 3)
      .add({{"job_name", "e"}, {"outcome", "success"}}, 1e20)
      .move_to(writer);
  FamilyBuilder::gauge("b_size_bytes", "Size.").add({}, 0.1).move_to(writer);
  auto durations = FamilyBuilder::histogram("b_duration_seconds", "Durations.");
  const std::array<std::uint64_t, 4> counts{2, 0, 1, 1};
  durations.add({{"job_name", "e"}}, kBounds, counts, 163.25);
  durations.exemplify(0, {.run = 17, .value = 0.00025, .at = 1764280000.5});
  durations.exemplify(3, {.run = 18, .value = 162.5, .at = 1764280001});
  durations.add({{"job_name", "f"}}, kBounds, counts, 163.25);
  durations.exemplify(2, {.run = 19, .value = 60, .at = 1764280002});
  durations.move_to(writer);
  prometheus::MetricFamily odd{
      .name = "b_odd", .help = "", .type = prometheus::MetricType::Untyped, .metric = {{}, {}}};
  odd.metric[0].untyped.value = std::numeric_limits<double>::quiet_NaN();
  odd.metric[1].label = {{"x", "y"}};
  odd.metric[1].untyped.value = -std::numeric_limits<double>::infinity();
  writer.take(std::move(odd), {});
  prometheus::MetricFamily summary{
      .name = "b_summary_seconds", .help = "S.", .type = prometheus::MetricType::Summary, .metric = {{}}};
  summary.metric[0].summary = {.sample_count = 2, .sample_sum = 3, .quantile = {{0.5, 1}, {1, 2}}};
  writer.take(std::move(summary), {});
  return writer.finish();
}

constexpr const char* kText = R"(# HELP b_runs_total Runs, "all" of them.\nOn a \\ line.
# TYPE b_runs_total counter
b_runs_total{job_name="a\"b\\c\nd",outcome="success"} 3
b_runs_total{job_name="e",outcome="success"} 1e+20
# HELP b_size_bytes Size.
# TYPE b_size_bytes gauge
b_size_bytes 0.1
# HELP b_duration_seconds Durations.
# TYPE b_duration_seconds histogram
b_duration_seconds_bucket{job_name="e",le="0.0005"} 2
b_duration_seconds_bucket{job_name="e",le="1.0"} 2
b_duration_seconds_bucket{job_name="e",le="120.0"} 3
b_duration_seconds_bucket{job_name="e",le="+Inf"} 4
b_duration_seconds_sum{job_name="e"} 163.25
b_duration_seconds_count{job_name="e"} 4
b_duration_seconds_bucket{job_name="f",le="0.0005"} 2
b_duration_seconds_bucket{job_name="f",le="1.0"} 2
b_duration_seconds_bucket{job_name="f",le="120.0"} 3
b_duration_seconds_bucket{job_name="f",le="+Inf"} 4
b_duration_seconds_sum{job_name="f"} 163.25
b_duration_seconds_count{job_name="f"} 4
# TYPE b_odd untyped
b_odd NaN
b_odd{x="y"} -Inf
# HELP b_summary_seconds S.
# TYPE b_summary_seconds summary
b_summary_seconds{quantile="0.5"} 1
b_summary_seconds{quantile="1.0"} 2
b_summary_seconds_sum 3
b_summary_seconds_count 2
)";

constexpr const char* kOpenMetrics = R"(# HELP b_runs Runs, \"all\" of them.\nOn a \\ line.
# TYPE b_runs counter
b_runs_total{job_name="a\"b\\c\nd",outcome="success"} 3
b_runs_total{job_name="e",outcome="success"} 1e+20
# HELP b_size_bytes Size.
# TYPE b_size_bytes gauge
# UNIT b_size_bytes bytes
b_size_bytes 0.1
# HELP b_duration_seconds Durations.
# TYPE b_duration_seconds histogram
# UNIT b_duration_seconds seconds
b_duration_seconds_bucket{job_name="e",le="0.0005"} 2 # {run="17"} 0.00025 1764280000.5
b_duration_seconds_bucket{job_name="e",le="1.0"} 2
b_duration_seconds_bucket{job_name="e",le="120.0"} 3
b_duration_seconds_bucket{job_name="e",le="+Inf"} 4 # {run="18"} 162.5 1764280001
b_duration_seconds_sum{job_name="e"} 163.25
b_duration_seconds_count{job_name="e"} 4
b_duration_seconds_bucket{job_name="f",le="0.0005"} 2
b_duration_seconds_bucket{job_name="f",le="1.0"} 2
b_duration_seconds_bucket{job_name="f",le="120.0"} 3 # {run="19"} 60 1764280002
b_duration_seconds_bucket{job_name="f",le="+Inf"} 4
b_duration_seconds_sum{job_name="f"} 163.25
b_duration_seconds_count{job_name="f"} 4
# TYPE b_odd unknown
b_odd NaN
b_odd{x="y"} -Inf
# HELP b_summary_seconds S.
# TYPE b_summary_seconds summary
# UNIT b_summary_seconds seconds
b_summary_seconds{quantile="0.5"} 1
b_summary_seconds{quantile="1.0"} 2
b_summary_seconds_sum 3
b_summary_seconds_count 2
# EOF
)";

TEST_CASE("a page in Prometheus' text format") { CHECK(page(PageFormat::text) == kText); }

TEST_CASE("a page as OpenMetrics: counters by their bare names, units, exemplars, an end") {
  CHECK(page(PageFormat::open_metrics) == kOpenMetrics);
}

TEST_CASE("a page that is compressed is the same page") {
  CHECK(test::gunzip(page(PageFormat::text, true)) == kText);
  CHECK(test::gunzip(page(PageFormat::open_metrics, true)) == kOpenMetrics);
}

}  // namespace
}  // namespace belfry::observe
