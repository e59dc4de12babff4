// The end of an execution: who is asked and who is killed, what came out, how it is judged.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <string>
#include <utility>

#include "async/timeout.hpp"
#include "io/foreign_tree.hpp"
#include "jobs/exec_run.hpp"
#include "jobs/tree_report.hpp"

namespace belfry::jobs {

namespace {

// How long after the leader's end its output may stay open before it is given up: time for a `tee` in a pipeline to
// finish, not for a daemon that was started in the background.
constexpr auto drain_grace = std::chrono::milliseconds(500);

ledger::CapturedStream captured(const io::OutputCapture& capture) {
  const auto& buffer = capture.buffer();
  return {
      .head = buffer.head(), .tail = buffer.tail(), .total_bytes = buffer.total(), .dropped_bytes = buffer.dropped()};
}

/// The kernel answers "Permission denied" to a folder as command, also to root: a reason that sends people to chmod.
/// Empty: it is none.
std::string folder_as_command(const ExecSpec& spec) {
  const auto* argv = std::get_if<std::vector<std::string>>(&spec.command);
  if (argv == nullptr || argv->empty() || !argv->front().contains('/')) return {};  // a folder in PATH is passed over
  const std::string& command = argv->front();
  const bool relative = !command.starts_with('/') && !spec.working_dir.empty();
  struct ::stat status{};
  if (::stat((relative ? spec.working_dir + "/" + command : command).c_str(), &status) != 0) return {};
  if (!S_ISDIR(status.st_mode)) return {};
  return "cannot start " + command + ": it is a directory, not a program";
}

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : std::string("SIG") + name;
}

}  // namespace

async::Task<> ExecRun::finish(std::optional<async::CancelReason> cancelled, std::string marker) {
  if (cancelled) {
    watch_output();                                                    // it may have last words
    const bool at_once = *cancelled == async::CancelReason::replaced;  // a newer slot waits for the place
    co_await stop_leader(at_once ? std::chrono::nanoseconds::zero() : spec_.kill_grace);
  } else {
    co_await drain();
  }
  const io::Process::Reach reach = reach_of(spec_.kill_mode);
  if (group_.there()) co_await end_group(process_->pid());
  io::Survivors swept = co_await process_->sweep(std::move(marker), reach);
  survivors_.add(std::move(swept));
  report_output();
  judge(process_->reap(reach));
  report_tree();
}

/// What is known of the whole tree, now that there is none.
void ExecRun::report_tree() {
  report_.orphans = survivors_.count();
  if (group_usage_) report_usage(*group_usage_, report_.usage);
  if (group_usage_ && group_usage_->oom_kills > 0) add_sentence(report_.aftermath, out_of_memory(*group_usage_, spec_));
  if (survivors_.count() > 0) add_sentence(report_.aftermath, outlived(survivors_));
}

void ExecRun::report_output() {
  output_->drain();  // the last words of those who have just been killed
  error_->drain();
  output_->finish();
  error_->finish();
  report_.standard_output = captured(*output_);
  report_.standard_error = captured(*error_);
}

async::Task<> ExecRun::stop_leader(std::chrono::nanoseconds grace) {
  if (grace > std::chrono::nanoseconds::zero()) {
    ask_to_end();
    const bool obeyed = co_await async::move_on_after(grace, process_->ended());
    if (obeyed) co_return;
  }
  if (spec_.kill_mode == KillMode::process) {
    process_->signal_leader(SIGKILL);
  } else {
    process_->signal_group(SIGKILL);
  }
  co_await process_->ended();
}

/// Who is stopped cannot obey.
void ExecRun::ask_to_end() const noexcept {
  for (const int signal : {spec_.kill_signal, SIGCONT}) {
    if (asks_leader_only(spec_.kill_mode)) {
      process_->signal_leader(signal);
    } else {
      process_->signal_group(signal);
    }
  }
}

async::Task<> ExecRun::drain() {
  output_->drain();
  error_->drain();
  if (output_->at_end() && error_->at_end()) co_return;
  const bool whole = co_await async::move_on_after(drain_grace, end_of_output());
  report_.lingering_pipe = !whole;
}

async::Task<> ExecRun::end_of_output() {
  co_await output_->ended();
  co_await error_->ended();
}

void ExecRun::judge(const io::ExitStatus& status) {
  report_.usage = {.user_cpu = status.usage.user_cpu,
                   .system_cpu = status.usage.system_cpu,
                   .max_rss_bytes = status.usage.max_rss_bytes,
                   .read_bytes = status.usage.read_bytes,
                   .written_bytes = status.usage.written_bytes};
  report_.message = status.failure ? status.failure->message : shim_report();
  if (!report_.message.empty()) {  // it never became the command: start_error
    const std::string folder = report_.message.contains("(the command)") ? folder_as_command(spec_) : "";
    if (!folder.empty()) report_.message = folder;
    return;
  }
  report_.exit_code = status.exit_code;
  report_.signal = status.signal;
  if (!status.exit_code && !status.signal) {
    outcome_ = ledger::Outcome::lost;
    report_.message =
        "it has ended, but its exit status is unknown: it was started by an earlier belfryd, and this "
        "system tells the status to nobody else";
  } else if (status.signal) {
    outcome_ = ledger::Outcome::killed;
    report_.message = "killed by " + signal_name(*status.signal) + (status.core_dumped ? " (core dumped)" : "");
  } else if (spec_.success_exit_codes.contains(status.exit_code.value_or(-1))) {
    const bool failed = path_ && !path_->failure().empty();
    outcome_ = failed ? ledger::Outcome::failure : ledger::Outcome::success;
    if (failed) report_.message = "exit code " + std::to_string(*status.exit_code) + ", but " + path_->failure();
  } else {
    outcome_ = ledger::Outcome::failure;
    report_.message = "exit code " + std::to_string(status.exit_code.value_or(-1));
  }
  if (!status.signal) hear_answer();
}

/// False: nothing was said by which it could be judged. Of an adopted one nobody may have kept the answer.
bool ExecRun::hear_answer() {
  if (!spec_.judge_answer || !answer_) return false;
  const std::string answer = text_of(answer_);
  if (answer.empty() && !report_.exit_code) return false;  // it did not exit, or nobody knows
  outcome_ = spec_.judge_answer(answer, report_);
  return true;
}

async::Task<> ExecRun::end_group(pid_t leader) {
  RunCgroup::End end = co_await group_.end(leader);
  survivors_.add(std::move(end.survivors));
  group_usage_ = end.usage;
}

/// What a small memory file holds; usually there is none.
std::string ExecRun::text_of(const io::Fd& file) {
  std::array<char, 8192> text;
  const ssize_t got = file ? ::pread(file.get(), text.data(), text.size(), 0) : 0;
  return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

std::string ExecRun::shim_report() {
  std::array<char, 4096> text;
  const ssize_t got = shim_report_ ? ::read(shim_report_.get(), text.data(), text.size()) : 0;
  return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

}  // namespace belfry::jobs
