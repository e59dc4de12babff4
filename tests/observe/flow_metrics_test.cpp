// What /metrics says of the steps of flows.
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "observe/metrics.hpp"
#include "observe/page.hpp"

namespace belfry::observe {
namespace {

using test::mentions;

/// It never runs.
class Flow final : public engine::Action {
 public:
  async::Task<ledger::Outcome> run(const engine::Attempt&, engine::Report&) const override {
    co_return ledger::Outcome::success;
  }
  std::string_view kind() const noexcept override { return "flow"; }
  std::string describe() const override { return "steps"; }
};

std::shared_ptr<const engine::Job> flow_job(const std::string& name,
                                            std::shared_ptr<const engine::Action> action = {}) {
  auto made = std::make_shared<engine::Job>();
  made->name = name;
  made->action = std::move(action);
  return made;
}

/// Events in, a page out.
struct FlowPage {
  engine::EventStream events;
  Metrics metrics{{.version = "1.2.3", .revision = "abc"}, {}, [] { return engine::WallTime(); }};

  FlowPage() { metrics.subscribe(events); }

  void apply(std::initializer_list<std::shared_ptr<const engine::Job>> jobs) {
    auto catalog = std::make_shared<engine::Catalog>();
    for (const auto& each : jobs) catalog->jobs.emplace(each->name, each);
    events.publish(engine::CatalogApplied{.catalog = std::move(catalog), .added = {}, .changed = {}, .removed = {}});
  }

  std::optional<double> operator[](std::string_view sample) const { return test::value(metrics.text(), sample); }
};

TEST_CASE("the steps of a job that has some are counted by how they ended") {
  FlowPage page;
  page.apply({flow_job("flow", std::make_shared<Flow>()), flow_job("backup")});
  const auto count = [&](const char* outcome) {
    return page[R"(belfry_job_steps_total{job_name="flow",outcome=")" + std::string(outcome) + "\"}"];
  };
  CHECK(count("start_error") == 0.0);
  CHECK_FALSE(mentions(page.metrics.text(), R"(belfry_job_steps_total{job_name="backup")"));
  ledger::StepEnded step;
  step.run = 1;
  step.job = "flow";
  for (const std::optional<ledger::Outcome> outcome :
       {std::optional(ledger::Outcome::success), std::optional(ledger::Outcome::success),
        std::optional(ledger::Outcome::failure), std::optional<ledger::Outcome>()}) {
    step.outcome = outcome;
    page.events.publish(step);
  }
  CHECK(count("success") == 2.0);
  CHECK(count("failure") == 1.0);
  CHECK(count("skipped") == 1.0);
}

TEST_CASE("approvals that wait are counted, of flows alone") {
  FlowPage page;
  page.apply({flow_job("backup"), flow_job("deploy", std::make_shared<Flow>())});
  CHECK_FALSE(mentions(page.metrics.text(), R"(belfry_job_approvals_waiting{job_name="backup"})"));
  const auto* const waiting = R"(belfry_job_approvals_waiting{job_name="deploy"})";
  for (int i = 0; i < 2; ++i) page.events.publish(engine::ApprovalAsked{.run = 7, .job = "deploy", .question = {}});
  CHECK(page[waiting] == 2.0);
  page.events.publish(engine::ApprovalSettled{.run = 7, .job = "deploy", .step = "one", .answer = {}});
  CHECK(page[waiting] == 1.0);
}

}  // namespace
}  // namespace belfry::observe
