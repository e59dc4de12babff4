// A notice as a program that is told by its environment and its standard input.

#include <atomic>
#include <utility>

#include "async/timeout.hpp"
#include "daemon/notify/sender.hpp"
#include "jobs/exec.hpp"
#include "time/duration.hpp"

namespace belfry::daemon {
namespace {

constexpr std::size_t kept_output = 4096;

/// Tells the trees of two programs apart.
std::string next_tree() {
  static std::atomic<std::uint64_t> last{0};
  return "notify" + std::to_string(last.fetch_add(1, std::memory_order_relaxed) + 1);
}

class ExecSender final : public Sender {
 public:
  ExecSender(ExecTarget target, time::Duration timeout) : target_(std::move(target)), timeout_(timeout) {}

  async::Task<Delivery> send(const Notice& notice) const override {
    jobs::ExecSpec spec;
    spec.command = target_.command;
    spec.working_dir = target_.working_dir;
    spec.environment = to_environment(notice);
    spec.standard_input = jobs::StdinText{to_json(notice) + "\n"};
    spec.output_budget = kept_output;
    const auto program = jobs::make_exec(std::move(spec));
    const std::string tree = next_tree();
    const engine::Attempt attempt{
        .job = notice.job,
        .run = notice.run.value_or(0),
        .number = notice.attempts,
        .trigger = ledger::run_trigger_from(notice.trigger).value_or(ledger::RunTrigger::manual),
        .scheduled_at = notice.scheduled_at,
        .started_at = notice.at,
        .ledger_id = tree};
    engine::Report report;
    const auto outcome = co_await async::move_on_after(timeout_, program->run(attempt, report));
    if (!outcome) {
      co_return Delivery{
          .result = Delivery::Result::unfinished,
          .detail = "the program did not end within " + time::format_duration(timeout_) + ", and was ended"};
    }
    if (*outcome == ledger::Outcome::success) {
      co_return Delivery{.result = Delivery::Result::delivered, .detail = "the program ended with exit code 0"};
    }
    co_return Delivery{
        .result = *outcome == ledger::Outcome::start_error ? Delivery::Result::refused : Delivery::Result::unfinished,
        .detail = "the program: " + report.message};
  }

 private:
  ExecTarget target_;
  time::Duration timeout_;
};

}  // namespace

std::shared_ptr<const Sender> make_exec_sender(ExecTarget target, time::Duration timeout) {
  return std::make_shared<ExecSender>(std::move(target), timeout);
}

}  // namespace belfry::daemon
