// The ids by which other systems know a run: always the same, and nobody else's.
#include "jobs/run_ids.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <vector>

using namespace belfry::jobs;

namespace {

constexpr const char* hexadecimal = "0123456789abcdef";

}  // namespace

TEST_CASE("the id of a run is a UUID, the same for ever, and another one for another ledger or run") {
  const auto id = run_uuid("ledger", 7);
  CHECK(id == run_uuid("ledger", 7));
  CHECK(id != run_uuid("ledger", 8));
  CHECK(id != run_uuid("other", 7));
  REQUIRE(id.size() == 36);
  CHECK(id.find_first_not_of("0123456789abcdef-") == std::string::npos);
  CHECK(id[14] == '8');
  CHECK(std::string("89ab").find(id[19]) != std::string::npos);
}

TEST_CASE("the trace of a run has the digits of its UUID, and every span in it an id of its own") {
  const TraceIds ids("ledger", 7);
  CHECK(ids.trace().size() == 32);
  CHECK(ids.trace().find_first_not_of(hexadecimal) == std::string::npos);
  CHECK(ids.trace().substr(0, 8) == run_uuid("ledger", 7).substr(0, 8));
  const std::vector<std::string> spans{ids.run_span(),
                                       ids.wait_span(),
                                       ids.launch_span(),
                                       ids.attempt_span(1),
                                       ids.attempt_span(2),
                                       ids.attempt_span(11),
                                       ids.step_span(step_part(1, "build", 0, 1)),
                                       ids.step_span(step_part(2, "build", 0, 1)),
                                       ids.step_span(step_part(1, "build", 1, 1)),
                                       ids.step_span(step_part(1, "build", 0, 2)),
                                       ids.step_span(step_part(1, "test", 0, 1)),
                                       TraceIds("ledger", 8).run_span()};
  for (const std::string& span : spans) {
    CHECK(span.size() == 16);
    CHECK(span.find_first_not_of(hexadecimal) == std::string::npos);
  }
  CHECK(std::set(spans.begin(), spans.end()).size() == spans.size());
}

TEST_CASE("the ids of traces stay as they were published: a trace goes on over an upgrade") {
  const TraceIds ids("5317120ed715e66d", 1);
  CHECK(ids.trace() == "34ad0bd2cc9480bf979180fa8dbf6135");
  CHECK(ids.run_span() == "8f5bf78acd9068ba");
  CHECK(ids.parent_for_program(ids.attempt_span(1)) == "00-34ad0bd2cc9480bf979180fa8dbf6135-753b5a8796619783-01");
}
