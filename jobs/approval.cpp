#include "jobs/approval.hpp"

#include <algorithm>
#include <utility>

#include "async/loop.hpp"
#include "engine/approvals.hpp"
#include "jobs/cut_text.hpp"

namespace belfry::jobs {
namespace {

/// Values of other steps may be in it.
std::string for_people(std::string text) {
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  while (text.ends_with(' ')) text.pop_back();
  return cut_text(text, engine::longest_approval_message);
}

std::string printed(const engine::ApprovalAnswer& answer) {
  return std::string("decision=") + (answer.approved ? "approved" : "rejected") + "\nby=" + answer.by +
         "\nuid=" + std::to_string(answer.uid) + "\ncomment=" + answer.comment + "\n";
}

class ApprovalAction final : public engine::Action {
 public:
  explicit ApprovalAction(ApprovalSpec spec) : spec_(std::move(spec)) {}

  async::Task<ledger::Outcome> run(const engine::Attempt& attempt, engine::Report& report) const override {
    if (attempt.approvals == nullptr) {
      report.message = "there is nobody here who could be asked";
      co_return ledger::Outcome::start_error;
    }
    engine::ApprovalQuestion question{
        .step = spec_.step, .message = for_people(spec_.message), .since = attempt.started_at, .until = std::nullopt};
    if (spec_.timeout) question.until = question.since + *spec_.timeout;
    const engine::ApprovalAnswer answer = co_await attempt.approvals->ask(std::move(question));
    std::string text = printed(answer);
    report.standard_output = {.head = {}, .tail = {}, .total_bytes = text.size(), .dropped_bytes = 0};
    report.standard_output.head = std::move(text);
    report.message = engine::describe(answer);
    report.for_good = !answer.approved;
    co_return answer.approved ? ledger::Outcome::success : ledger::Outcome::failure;
  }

  std::string_view kind() const noexcept override { return "approval"; }
  std::string describe() const override { return "ask for an approval"; }

 private:
  ApprovalSpec spec_;
};

}  // namespace

std::shared_ptr<const engine::Action> make_approval(ApprovalSpec spec) {
  return std::make_shared<ApprovalAction>(std::move(spec));
}

}  // namespace belfry::jobs
