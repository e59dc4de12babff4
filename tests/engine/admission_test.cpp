#include "engine/admission.hpp"

#include <catch2/catch.hpp>

using namespace belfry::engine;
using namespace std::chrono_literals;
using belfry::ledger::SlotReason;
using Kind = Decision::Kind;

namespace {

const WallTime noon{std::chrono::seconds{1'800'000'000}};

Job job_with(Overlap overlap) {
  Job job;
  job.overlap = overlap;
  job.queue_limit = 2;
  return job;
}

AdmissionFacts idle() { return {.now = noon}; }

}  // namespace

TEST_CASE("an idle job's slot starts", "[admission]") {
  for (const Overlap overlap : {Overlap::forbid, Overlap::allow, Overlap::queue}) {
    CHECK(admit(job_with(overlap), noon, idle()).kind == Kind::start);
  }
}

TEST_CASE("a slot that finds its job running meets the overlap policy", "[admission]") {
  AdmissionFacts busy = idle();
  busy.running = 1;
  CHECK(admit(job_with(Overlap::allow), noon, busy).kind == Kind::start);
  CHECK(admit(job_with(Overlap::queue), noon, busy).kind == Kind::wait);
  const Decision refused = admit(job_with(Overlap::forbid), noon, busy);
  CHECK(refused.kind == Kind::refuse);
  CHECK(refused.reason == SlotReason::overlap);
}

TEST_CASE("a full queue refuses for overlap", "[admission]") {
  AdmissionFacts busy = idle();
  busy.running = 1;
  busy.queued = 1;
  CHECK(admit(job_with(Overlap::queue), noon, busy).kind == Kind::wait);
  busy.queued = 2;
  const Decision refused = admit(job_with(Overlap::queue), noon, busy);
  CHECK(refused.kind == Kind::refuse);
  CHECK(refused.reason == SlotReason::overlap);
}

TEST_CASE("a slot later than its starting deadline is refused, one just in time is not", "[admission]") {
  Job job = job_with(Overlap::allow);
  job.starting_deadline = 10s;
  AdmissionFacts facts = idle();
  facts.now = noon + 10s;
  CHECK(admit(job, noon, facts).kind == Kind::start);
  facts.now = noon + 10s + 1ns;
  CHECK(admit(job, noon, facts).reason == SlotReason::deadline);
}

TEST_CASE("the first objection names the reason: draining, paused, holiday, deadline, overlap", "[admission]") {
  Job job = job_with(Overlap::forbid);
  job.starting_deadline = 1s;
  AdmissionFacts facts{.draining = true, .paused = true, .running = 1, .queued = 0, .now = noon + 1h};
  CHECK(admit(job, noon, facts).reason == SlotReason::shutdown);
  facts.draining = false;
  CHECK(admit(job, noon, facts).reason == SlotReason::paused);
  facts.paused = false;
  auto days = std::make_shared<belfry::time::DaySet>();
  days->add_span(belfry::time::LocalDay{}, belfry::time::last_local_day);
  job.days_off.days = days;
  CHECK(admit(job, noon, facts).reason == SlotReason::holiday);
  job.days_off.days.reset();
  CHECK(admit(job, noon, facts).reason == SlotReason::deadline);
  facts.now = noon;
  CHECK(admit(job, noon, facts).reason == SlotReason::overlap);
}
