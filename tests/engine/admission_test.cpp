#include "engine/admission.hpp"

#include <catch2/catch.hpp>

#include "engine/noon.hpp"

using namespace belfry::engine;
using namespace std::chrono_literals;
using belfry::ledger::Outcome;
using belfry::ledger::SlotReason;
using belfry::test::noon;

namespace {

Job job_with(Overlap overlap, int max_instances = 1) {
  Job job;
  job.overlap = overlap;
  job.max_instances = max_instances;
  job.queue_limit = 2;
  return job;
}

AdmissionFacts idle() { return {.now = noon}; }

constexpr Overlap all_overlaps[] = {Overlap::forbid, Overlap::allow, Overlap::queue, Overlap::replace,
                                    Overlap::cancel_other};

}  // namespace

TEST_CASE("there is nothing to object to an idle job's slot", "[admission]") {
  CHECK_FALSE(objection(job_with(Overlap::forbid), noon, idle()));
}

TEST_CASE("an idle job has room under every policy", "[admission]") {
  for (const Overlap overlap : all_overlaps) CHECK(room_for(job_with(overlap), 0, 0, false) == Room::start);
}

TEST_CASE("a slot that finds its job running meets the overlap policy", "[admission]") {
  CHECK(room_for(job_with(Overlap::allow), 1, 0, false) == Room::start);
  CHECK(room_for(job_with(Overlap::queue), 1, 0, false) == Room::wait);
  CHECK(room_for(job_with(Overlap::forbid), 1, 0, false) == Room::refuse);
  CHECK(room_for(job_with(Overlap::replace), 1, 0, false) == Room::oust);
  CHECK(room_for(job_with(Overlap::cancel_other), 1, 0, false) == Room::oust);
}

TEST_CASE("the policy applies beyond max_instances, and never when that is 0", "[admission]") {
  for (const Overlap overlap : all_overlaps) {
    CHECK(room_for(job_with(overlap, 3), 2, 0, false) == Room::start);
    CHECK(room_for(job_with(overlap, 0), 1000, 0, false) == Room::start);
  }
  CHECK(room_for(job_with(Overlap::forbid, 3), 3, 0, false) == Room::refuse);
}

TEST_CASE("nobody overtakes those who wait, and the queue has a bound", "[admission]") {
  CHECK(room_for(job_with(Overlap::queue), 0, 1, false) == Room::wait);
  CHECK(room_for(job_with(Overlap::queue), 1, 2, false) == Room::refuse);
}

TEST_CASE("what is made up for waits, whatever the policy and the bound", "[admission]") {
  CHECK(room_for(job_with(Overlap::forbid), 1, 0, true) == Room::wait);
  CHECK(room_for(job_with(Overlap::replace), 1, 0, true) == Room::wait);
  CHECK(room_for(job_with(Overlap::queue), 1, 50, true) == Room::wait);
}

TEST_CASE("each objection has its reason", "[admission]") {
  Job job = job_with(Overlap::forbid);
  job.starting_deadline = 1min;
  job.only_if_last_succeeded = true;
  AdmissionFacts facts = idle();
  facts.last_outcome = Outcome::success;
  CHECK_FALSE(objection(job, noon, facts));
  facts.dependencies_met = false;
  CHECK(objection(job, noon, facts) == SlotReason::dependency);
  facts.breaker_open = true;
  CHECK(objection(job, noon, facts) == SlotReason::breaker);
  facts.last_outcome = Outcome::lost;
  CHECK(objection(job, noon, facts) == SlotReason::last_failed);
  facts.now = noon + 61s;
  CHECK(objection(job, noon, facts) == SlotReason::deadline);
  CHECK(is_too_late(job, noon, facts.now));
  CHECK_FALSE(is_too_late(job, noon, noon + 1min));
  facts.paused = true;
  CHECK(objection(job, noon, facts) == SlotReason::paused);
  facts.draining = true;
  CHECK(objection(job, noon, facts) == SlotReason::shutdown);
}

TEST_CASE("only_if_last_succeeded lets the first run through", "[admission]") {
  Job job = job_with(Overlap::forbid);
  job.only_if_last_succeeded = true;
  CHECK_FALSE(objection(job, noon, idle()));
}
