#include "jobs/exec_run.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include "async/timeout.hpp"

namespace belfry::jobs {

namespace {

// How long after the leader's end its output may stay open before it is given up: time for a `tee` in a pipeline to
// finish, not for a daemon that was started in the background.
constexpr auto drain_grace = std::chrono::milliseconds(500);

io::Fd open_input(const ExecSpec& spec) {
  if (const auto* text = std::get_if<StdinText>(&spec.standard_input)) return io::make_memory_file(text->text);
  const auto* file = std::get_if<StdinFile>(&spec.standard_input);
  if (file == nullptr) return {};
  const std::string path =
      file->path.starts_with('/') || spec.working_dir.empty() ? file->path : spec.working_dir + "/" + file->path;
  io::Fd opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));  // a FIFO must not stop the loop
  if (!opened) throw std::system_error(errno, std::generic_category(), path);
  ::fcntl(opened.get(), F_SETFL, 0);
  return opened;
}

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

bool ExecRun::start(const io::LaunchSpec& launch, std::span<const std::string> environment) {
  try {
    return attach_and_launch(launch, environment);
  } catch (const std::system_error& error) {
    const std::string command = launch.argv.empty() ? "an empty command" : launch.argv.front();
    report_.message =
        "cannot start " + command + ": " + error.code().message() + " (its standard streams: " + error.what() + ")";
    return false;
  }
}

bool ExecRun::attach_and_launch(const io::LaunchSpec& launch, std::span<const std::string> environment) {
  const io::Fd input = open_input(spec_);
  io::Pipe output = io::make_pipe();
  io::Pipe error = io::make_pipe();
  io::Pipe shim;
  if (spec_.steps.needed()) shim = io::make_pipe();
  auto process = io::Process::start(launch, {.standard_input = input.get(),
                                             .standard_output = output.write_end.get(),
                                             .standard_error = error.write_end.get(),
                                             .report = shim.write_end.get(),
                                             .environment = environment});
  if (!process) {
    report_.message = process.error().message;
    return false;
  }
  process_.emplace(std::move(*process));
  shim_report_ = std::move(shim.read_end);
  output_.emplace(std::move(output.read_end), io::HeadTailBuffer(spec_.output_budget));
  error_.emplace(std::move(error.read_end), io::HeadTailBuffer(spec_.output_budget));
  return true;
}

async::Task<> ExecRun::ended() { return process_->ended(); }

async::Task<> ExecRun::finish(bool cancelled, std::string marker) {
  if (cancelled) {
    co_await stop_leader();
  } else {
    co_await drain();
  }
  report_.orphans = co_await process_->sweep(std::move(marker));
  judge(process_->reap());
  output_->drain();  // the last words of those who have just been killed
  error_->drain();
  report_.standard_output = captured(*output_);
  report_.standard_error = captured(*error_);
}

async::Task<> ExecRun::stop_leader() {
  process_->signal_group(spec_.kill_signal);
  process_->signal_group(SIGCONT);  // who is stopped cannot obey
  const bool obeyed = co_await async::move_on_after(spec_.kill_grace, process_->ended());
  if (obeyed) co_return;
  process_->signal_group(SIGKILL);
  co_await process_->ended();
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
  report_.usage = {.user_cpu = status.user_cpu, .system_cpu = status.system_cpu, .max_rss_bytes = status.max_rss_bytes};
  report_.message = status.failure ? status.failure->message : shim_report();
  if (!report_.message.empty()) {  // it never became the command: start_error
    const std::string folder = report_.message.contains("(the command)") ? folder_as_command(spec_) : "";
    if (!folder.empty()) report_.message = folder;
    return;
  }
  report_.exit_code = status.exit_code;
  report_.signal = status.signal;
  if (status.signal) {
    outcome_ = ledger::Outcome::killed;
    report_.message = "killed by " + signal_name(*status.signal) + (status.core_dumped ? " (core dumped)" : "");
  } else if (spec_.success_exit_codes.contains(status.exit_code.value_or(-1))) {
    outcome_ = ledger::Outcome::success;
  } else {
    outcome_ = ledger::Outcome::failure;
    report_.message = "exit code " + std::to_string(status.exit_code.value_or(-1));
  }
}

std::string ExecRun::shim_report() {
  std::array<char, 4096> text;
  const ssize_t got = shim_report_ ? ::read(shim_report_.get(), text.data(), text.size()) : 0;
  return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

}  // namespace belfry::jobs
