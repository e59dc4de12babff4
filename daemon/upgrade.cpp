#include "daemon/upgrade.hpp"

#include <chrono>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "async/timeout.hpp"
#include "io/launch.hpp"
#include "io/output_capture.hpp"
#include "io/process.hpp"

namespace belfry::daemon {
namespace {

/// How long the new program may take to read the configuration.
constexpr auto check_patience = std::chrono::seconds{30};

/// How long to wait for runs that need this process.
constexpr auto holdout_patience = std::chrono::minutes{1};

/// For the last entries to reach the disk. What does not get there in time is in the table of live runs.
constexpr auto flush_patience = std::chrono::seconds{5};

constexpr std::size_t most_output = 16384;

/// A run whose attempt would be lost: carried out by this process itself, or ended but not noted yet.
bool needs_this_process(const ledger::LiveRun& run) {
  if (run.ended || run.attempt == 0 || run.attempt_ended) return false;
  return !run.process || io::start_ticks_of(run.process->pid) != run.process->start_ticks;
}

std::string said(const io::OutputCapture& output) {
  std::string text = output.buffer().head() + output.buffer().tail();
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

/// Whether something has begun that must be taken back, whatever way it ends.
class Underway {
 public:
  explicit Underway(bool& flag) : flag_(flag) { flag_ = true; }
  Underway(const Underway&) = delete;
  Underway& operator=(const Underway&) = delete;
  ~Underway() { flag_ = false; }

 private:
  bool& flag_;
};

}  // namespace

Upgrade::Upgrade(Program program, Parts parts) : program_(std::move(program)), parts_(parts) {
  parts_.events.subscribe([this](const engine::Event& event) {
    const bool ended =
        std::holds_alternative<ledger::AttemptEnded>(event) || std::holds_alternative<engine::QueueChanged>(event);
    if (ended) something_ended_.set();
  });
}

async::Task<std::string> Upgrade::carry_out(Handover sockets) {
  if (under_way_) co_return "an upgrade is under way already";
  const Underway guard(under_way_);
  if (parts_.live == nullptr) {
    co_return "there is no table of live runs, so the new belfryd could not take over the running jobs; the log tells "
              "why. Restart belfryd instead, when none runs";
  }
  std::string why_not = co_await check_successor();
  if (!why_not.empty()) co_return why_not;
  if (const std::string who = waiting_for_a_person(); !who.empty()) {
    co_return who + ", and would be lost: decide it (belfry approve or reject), or cancel it, and upgrade then";
  }
  const std::optional<std::string> failed = co_await async::move_on_after(holdout_patience, become_in_time(sockets));
  if (failed) co_return *failed;
  co_return holdouts() + " are carried out by belfryd itself and have not ended within a minute: try again later";
}

async::Task<std::string> Upgrade::become_in_time(Handover sockets) {
  do {
    co_await wait_for_holdouts();
    co_await async::move_on_after(flush_patience, ledger::flush(parts_.ledger));
  } while (!holdouts().empty());
  // Nothing is awaited from here on, so no run can begin.
  parts_.log.info("belfryd becomes the program that is installed now", {{"program", program_.path.string()}});
  parts_.log.flush();
  const int error = become(program_, sockets);
  co_return "cannot start " + program_.path.string() + ": " + io::error_text(error);
}

async::Task<std::string> Upgrade::check_successor() {
  io::LaunchSpec spec{.argv = program_.arguments, .environment = program_.environment, .working_dir = {}};
  spec.argv.front() = program_.path.string();
  spec.argv.emplace_back("--check");
  io::Pipe pipe = io::make_pipe();
  auto process =
      io::Process::start(spec, {.standard_output = pipe.write_end.get(), .standard_error = pipe.write_end.get()});
  if (!process) co_return process.error().message;
  pipe.write_end.reset();
  io::OutputCapture output(std::move(pipe.read_end), io::HeadTailBuffer(most_output));
  output.watch();
  const std::optional<io::ExitStatus> status = co_await async::move_on_after(check_patience, process->wait());
  if (!status) co_return program_.path.string() + " did not check the configuration within half a minute";
  output.drain();
  if (status->failure) co_return status->failure->message;
  if (status->exit_code == 0) co_return "";
  co_return program_.path.string() + " refuses the configuration, so nothing was changed:\n" + said(output);
}

async::Task<> Upgrade::wait_for_holdouts() {
  while (!holdouts().empty()) {
    something_ended_.clear();
    co_await something_ended_.wait();
  }
}

std::string Upgrade::holdouts() const {
  std::string names;
  for (const ledger::LiveRun& run : parts_.live->left()) {
    if (!needs_this_process(run)) continue;
    if (!names.empty()) names += ", ";
    names += run.started.job;
  }
  // Their programs are children that the new one would know nothing of: who waits for them is not in the table.
  if (parts_.engine.status().looking > 0) names += (names.empty() ? "" : ", ") + std::string("preconditions");
  return names;
}

/// "run 12 of deploy waits for a person"; empty: none does.
std::string Upgrade::waiting_for_a_person() const {
  const std::vector<engine::ActiveRun> runs = parts_.engine.runs_that_ask();
  if (runs.empty()) return {};
  return "run " + std::to_string(runs.front().run) + " of " + runs.front().job + " waits for a person";
}

}  // namespace belfry::daemon
