// Approvals: the steps of one run that wait until a person says yes or no.
//
//   const ApprovalAnswer answer = co_await attempt.approvals->ask({.step = "gate", ...});   // the action
//   run->decide("gate", {.approved = true, .by = "alice", ...});                            // the engine
//
// Owned by its Run; loop thread only. A restart forgets who waits: the run is closed as lost then, or is cancelled.
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/event.hpp"
#include "async/task.hpp"
#include "engine/approval.hpp"
#include "engine/recorder.hpp"
#include "engine/refusal.hpp"
#include "engine/status.hpp"

namespace belfry::engine {

class Approvals {
 public:
  /// What waits is shown in `run.approvals`. Both are borrowed for the life of this object.
  Approvals(ActiveRun& run, Recorder& recorder) : run_(run), recorder_(recorder) {}
  Approvals(const Approvals&) = delete;
  Approvals& operator=(const Approvals&) = delete;

  /// Waits for the answer, however long; `until` of the question is only shown. Publishes ApprovalAsked and
  /// ApprovalSettled. REQUIRES: no step of that name waits. Cancellation: the question is withdrawn.
  async::Task<ApprovalAnswer> ask(ApprovalQuestion question);

  /// Answers for a step that waits, and gives its id; an empty one: the only step that waits.
  std::expected<std::string, Refusal> decide(std::string_view step, ApprovalAnswer answer);

 private:
  struct Waiting {
    async::Event answered{};
    std::optional<ApprovalAnswer> answer{};
  };

  std::expected<std::string, Refusal> find(std::string_view step) const;
  Refusal refusal(std::string what) const;
  std::string waiting_steps() const;
  void withdraw(const std::string& step);
  void forget(const std::string& step);

  ActiveRun& run_;
  Recorder& recorder_;
  std::map<std::string, std::shared_ptr<Waiting>, std::less<>> waiting_;  // by step
  std::map<std::string, ApprovalAnswer, std::less<>> decided_;            // by step, for who comes second
};

}  // namespace belfry::engine
