#include "daemon/notify/run_program.hpp"

#include <atomic>
#include <utility>

#include "async/timeout.hpp"
#include "time/duration.hpp"

namespace belfry::daemon {
namespace {

constexpr std::size_t kept_output = 4096;

/// Tells the trees of two programs apart.
std::string next_tree() {
  static std::atomic<std::uint64_t> last{0};
  return "notify" + std::to_string(last.fetch_add(1, std::memory_order_relaxed) + 1);
}

}  // namespace

async::Task<Delivery> run_program(jobs::ExecSpec spec, const Notice& notice, time::Duration timeout) {
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
  const auto outcome = co_await async::move_on_after(timeout, program->run(attempt, report));
  if (!outcome) {
    co_return Delivery{
        .result = Delivery::Result::unfinished,
        .detail = "the program did not end within " + time::format_duration(timeout) + ", and was ended"};
  }
  if (*outcome == ledger::Outcome::success) {
    co_return Delivery{.result = Delivery::Result::delivered, .detail = "the program ended with exit code 0"};
  }
  co_return Delivery{
      .result = *outcome == ledger::Outcome::start_error ? Delivery::Result::refused : Delivery::Result::unfinished,
      .detail = "the program: " + report.message};
}

}  // namespace belfry::daemon
