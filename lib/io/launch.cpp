#include "io/launch.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include "io/launch_pad.hpp"

namespace belfry::io {

namespace {

// Whether a command that was not found is there after all: then what its first line names is not.
bool exists_from(const std::string& working_dir, const std::string& command) {
  if (!command.contains('/')) return false;
  const bool relative = !command.starts_with('/') && !working_dir.empty();
  return ::access((relative ? working_dir + "/" + command : command).c_str(), F_OK) == 0;
}

LaunchError describe(const ChildAnswer& of, LaunchStep step, int error) {
  const auto text = error_text(error);
  const std::string& command = of.command;
  const std::string start = "cannot start " + (command.empty() ? "an empty command" : command) + ": " + text;
  switch (step) {
    case LaunchStep::working_dir:
      return {step, error, start + " (the working directory " + of.working_dir + ")"};
    case LaunchStep::command:
      if (error == ENOEXEC) return {step, error, start + " (a script needs a first line such as #!/bin/sh)"};
      if (error == ENOENT && exists_from(of.working_dir, command)) {
        return {step, error, start + " (the interpreter that its first line names)"};
      }
      return {step, error,
              start + (command.contains('/') || error != ENOENT ? " (the command)" : " (the command is not in PATH)")};
    case LaunchStep::group:
      return {step, error, start + " (its process group)"};
    case LaunchStep::streams:
      return {step, error, start + " (its standard streams)"};
    case LaunchStep::process:
      break;
  }
  return {step, error, start + " (no new process)"};
}

}  // namespace

std::expected<Launched, LaunchError> launch(const LaunchSpec& spec, const LaunchContext& context) {
  auto answer = std::make_shared<ChildAnswer>();
  answer->command = spec.argv.empty() ? std::string() : spec.argv.front();
  answer->working_dir = spec.working_dir;
  if (context.held) answer->gate = children_can_be_held ? gate_closed : gate_open_lasting;
  const auto child = LaunchPad::launch(spec, context, answer);
  if (!child) return std::unexpected(describe(*answer, child.error().step, child.error().error));
  return Launched{child->pid, Fd(child->pidfd), std::move(answer), child->start_ticks};
}

void Launched::release(Streams streams) const noexcept {
  if (!children_can_be_held) return;
  const std::atomic_ref gate(answer->gate);
  const int before = gate.exchange(streams == Streams::kept ? gate_open : gate_open_lasting, std::memory_order_acq_rel);
  if (before == gate_awaited) ::syscall(SYS_futex, &answer->gate, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

std::optional<LaunchError> Launched::failure() const {
  if (answer->error == 0) return std::nullopt;
  return describe(*answer, answer->step, answer->error);
}

ProcessMark Launched::mark() const {
  return {.pid = pid, .start_ticks = start_ticks != 0 ? start_ticks : start_ticks_of(pid).value_or(0)};
}

std::string_view environment_value(const std::vector<std::string>& environment, std::string_view name,
                                   std::string_view otherwise) noexcept {
  for (const std::string_view entry : environment) {
    if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
      return entry.substr(name.size() + 1);
    }
  }
  return otherwise;
}

std::string error_text(int error) { return std::generic_category().message(error); }

}  // namespace belfry::io
