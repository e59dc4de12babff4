// One attempt of a flow: its steps, what became of them, and what they printed. Private to flow.cpp.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/semaphore.hpp"
#include "async/task.hpp"
#include "engine/action.hpp"
#include "jobs/flow.hpp"
#include "jobs/flow_memory.hpp"
#include "jobs/flow_transcript.hpp"

namespace belfry::jobs {

class FlowRun {
 public:
  /// All are borrowed for the life of this object. `depends`: see all_needed().
  FlowRun(const FlowSpec& spec, const std::vector<std::vector<bool>>& depends, const engine::Attempt& attempt,
          engine::Report& report);

  /// The main steps, or the finally steps. Cancellation: of all of them; passes when they have ended.
  async::Task<> run_steps(bool finally);

  /// What `if: failure()` of finally steps is told, besides what failed.
  void note_cut_short() noexcept { cut_short_ = true; }

  /// Some finally steps did not end in time.
  void note_late_finally();

  /// Fills in the report, and keeps for another attempt what went well.
  ledger::Outcome finish();

 private:
  class Facts;
  /// A try under way.
  struct Try {
    std::size_t step = 0;
    std::size_t item = 0;  // from 1; 0: it runs once
    int number = 1;
    ledger::WallTime started_at;
  };

  async::Task<> run_step(std::size_t number);
  async::Task<FlowResult> run_items(std::size_t number);
  async::Task<FlowResult> run_item(std::size_t number, std::size_t item, const FlowItem& values);
  async::Task<FlowResult> try_once(Try current, const FlowItem& values);
  async::Task<ledger::Outcome> act(const FlowStep& step, const engine::Action& action, const engine::Attempt& attempt,
                                   engine::Report& report) const;
  void undecided(const Try& current, FlowResult& result) const;
  std::optional<FlowResult> skipped(std::size_t number) const;
  FlowResult joined(std::size_t number, const std::vector<FlowItem>& items, std::vector<FlowResult> results) const;
  Variables variables(const Try& current, const FlowItem& values) const;
  void take_outputs(const FlowStep& step, const engine::Report& report, FlowResult& result) const;
  void record(const Try& current, const FlowItem& values, const engine::Report& report, const FlowResult& result);
  void end(std::size_t number, FlowResult result);

  const FlowSpec& spec_;
  const std::vector<std::vector<bool>>& depends_;
  const engine::Attempt& attempt_;
  engine::Report& report_;
  std::vector<FlowResult> results_;
  std::map<std::string, std::size_t, std::less<>> numbers_;  // by id
  std::deque<async::Event> ended_;
  async::Semaphore places_;
  FlowTranscript transcript_;
  std::optional<std::size_t> first_failed_;
  bool cut_short_ = false;
};

}  // namespace belfry::jobs
