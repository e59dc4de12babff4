#include "engine/approvals.hpp"

#include <utility>

#include "async/cancel.hpp"

namespace belfry::engine {
namespace {

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

async::Task<ApprovalAnswer> Approvals::ask(ApprovalQuestion question) {
  const std::string step = question.step;
  decided_.erase(step);
  const auto waiting = std::make_shared<Waiting>();
  waiting_.emplace(step, waiting);
  run_.approvals.push_back(question);
  recorder_.publish(ApprovalAsked{.run = run_.run, .job = run_.job, .question = std::move(question)});
  try {
    co_await waiting->answered.wait();
  } catch (const async::Cancelled&) {
    withdraw(step);
    throw;
  }
  co_return *std::move(waiting->answer);
}

std::expected<std::string, Refusal> Approvals::decide(std::string_view step, ApprovalAnswer answer) {
  auto found = find(step);
  if (!found) return found;
  const std::shared_ptr<Waiting> waiting = waiting_.find(*found)->second;
  forget(*found);
  decided_.insert_or_assign(*found, answer);
  recorder_.publish(ApprovalSettled{.run = run_.run, .job = run_.job, .step = *found, .answer = answer});
  waiting->answer = std::move(answer);
  waiting->answered.set();
  return found;
}

std::expected<std::string, Refusal> Approvals::find(std::string_view step) const {
  const std::string of_run = " of run " + std::to_string(run_.run);
  if (step.empty()) {
    if (waiting_.size() == 1) return waiting_.begin()->first;
    if (waiting_.empty()) return std::unexpected(refusal("no step" + of_run + " waits for an approval"));
    return std::unexpected(refusal("several steps" + of_run + " wait, so name one: " + waiting_steps()));
  }
  if (waiting_.contains(step)) return std::string(step);
  if (const auto before = decided_.find(step); before != decided_.end()) {
    return std::unexpected(refusal("step " + in_quotes(step) + of_run + " was " + describe(before->second)));
  }
  const std::string others = waiting_.empty() ? "and no other one does" : "these do: " + waiting_steps();
  return std::unexpected(refusal("step " + in_quotes(step) + of_run + " does not wait for an approval; " + others));
}

Refusal Approvals::refusal(std::string what) const {
  return {.kind = Refusal::Kind::policy, .message = std::move(what)};
}

std::string Approvals::waiting_steps() const {
  std::string list;
  for (const auto& [step, waiting] : waiting_) list += (list.empty() ? "" : ", ") + in_quotes(step);
  return list;
}

/// Nobody answered, or too late.
void Approvals::withdraw(const std::string& step) {
  if (!waiting_.contains(step)) return;
  forget(step);
  recorder_.publish(ApprovalSettled{.run = run_.run, .job = run_.job, .step = step, .answer = std::nullopt});
}

void Approvals::forget(const std::string& step) {
  waiting_.erase(step);
  std::erase_if(run_.approvals, [&step](const ApprovalQuestion& each) { return each.step == step; });
}

}  // namespace belfry::engine
