// What the engine's tests share: an engine on the manual clock, jobs whose actions do what the test says, and a record
// of every entry and event.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/loop.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "engine/engine.hpp"
#include "engine/recording_ledger.hpp"
#include "time/at.hpp"
#include "time/every.hpp"

namespace belfry::test {

using namespace std::chrono_literals;
using engine::Duration;
using engine::Job;
using engine::WallTime;
using ledger::Outcome;

/// On the manual clock.
inline WallTime now() { return async::Loop::current().wall_now(); }

/// An action that is a function of the attempt.
class FunctionAction final : public engine::Action {
 public:
  using Body = std::function<async::Task<Outcome>(const engine::Attempt&, engine::Report&)>;
  explicit FunctionAction(Body body) : body_(std::move(body)) {}
  async::Task<Outcome> run(const engine::Attempt& attempt, engine::Report& report) const override {
    return body_(attempt, report);
  }
  std::string_view kind() const noexcept override { return "native"; }
  std::string describe() const override { return "a function of the test"; }

 private:
  Body body_;
};

inline std::shared_ptr<const time::Trigger> every(Duration interval) {
  return std::make_shared<time::EveryTrigger>(interval);
}

/// Succeeds after that long.
inline std::shared_ptr<const engine::Action> takes(Duration span) {
  return std::make_shared<FunctionAction>([span](const engine::Attempt&, engine::Report&) -> async::Task<Outcome> {
    co_await async::sleep(span);
    co_return Outcome::success;
  });
}

inline Job job(std::string name, std::shared_ptr<const time::Trigger> trigger,
               std::shared_ptr<const engine::Action> action = takes(0s)) {
  Job made;
  made.name = std::move(name);
  made.trigger = std::move(trigger);
  made.action = std::move(action);
  made.fingerprint = made.name;
  return made;
}

inline std::shared_ptr<const engine::Catalog> catalog(std::vector<Job> jobs, std::uint64_t generation = 1) {
  auto made = std::make_shared<engine::Catalog>();
  made->generation = generation;
  for (Job& each : jobs) {
    std::string name = each.name;
    made->jobs.emplace(std::move(name), std::make_shared<const Job>(std::move(each)));
  }
  return made;
}

/// An engine with its ledger and events; make it inside the coroutine of a test.
struct TestBed {
  ledger::LiveRuns* live = nullptr;
  RecordingLedger ledger;
  engine::EventStream events;
  std::vector<engine::Event> seen;
  std::vector<std::string> one_shots_run;
  engine::Engine engine{ledger, events,
                        [this](const ledger::OneShotAdded& request) {
                          Job made =
                              job(request.name, std::make_shared<time::AtTrigger>(request.due),
                                  std::make_shared<FunctionAction>(
                                      [this](const engine::Attempt& attempt, engine::Report&) -> async::Task<Outcome> {
                                        one_shots_run.emplace_back(attempt.job);
                                        co_return Outcome::success;
                                      }));
                          return std::make_shared<const Job>(std::move(made));
                        },
                        live};

  /// What a ledger remembers, without a table of live runs.
  static std::shared_ptr<const engine::Past> past(std::shared_ptr<const ledger::Resume> resume) {
    auto made = std::make_shared<engine::Past>();
    made->resume = *resume;
    return made;
  }

  explicit TestBed(ledger::LiveRuns* table = nullptr) : live(table) {
    events.subscribe([this](const engine::Event& event) { seen.push_back(event); });
  }

  /// Serves the catalog for `span` of manual time, then drains with `grace`.
  async::Task<> serve_for(std::shared_ptr<const engine::Catalog> jobs, Duration span, Duration grace = 0s) {
    async::JoinHandle<void> serving = async::spawn(engine.serve(), async::SpawnOptions("engine"));
    while (!engine.serving()) co_await async::yield();
    engine.apply(std::move(jobs));
    co_await async::sleep(span + 1ms);  // the clock starts on a whole hour: a slot at the very end is due, too
    co_await engine.drain(grace);
    co_await std::move(serving).join();
  }

  std::vector<ledger::SlotClosed> slots(ledger::SlotResult result) const {
    std::vector<ledger::SlotClosed> matching;
    for (ledger::SlotClosed& slot : ledger.all<ledger::SlotClosed>()) {
      if (slot.result == result) matching.push_back(std::move(slot));
    }
    return matching;
  }

  /// How many slots have ended, counting those that one entry closes together.
  std::uint64_t slots_closed() const {
    std::uint64_t count = 0;
    for (const ledger::SlotClosed& slot : ledger.all<ledger::SlotClosed>()) count += slot.count;
    return count;
  }

  template <class Fact>
  std::vector<Fact> events_of() const {
    std::vector<Fact> facts;
    for (const engine::Event& event : seen) {
      if (const Fact* fact = std::get_if<Fact>(&event)) facts.push_back(*fact);
    }
    return facts;
  }
};

}  // namespace belfry::test
