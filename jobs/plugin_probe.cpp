#include "jobs/plugin_probe.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include "io/companion.hpp"
#include "io/fd.hpp"
#include "io/launch.hpp"
#include "io/process_tree.hpp"
#include "jobs/run_environment.hpp"
#include "time/duration.hpp"

namespace belfry::jobs {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t longest_answer = std::size_t{1} << 20U;

/// A child of a thread that waits for it. Its owner is the only one who reaps it.
class Child {
 public:
  explicit Child(io::Launched launched) : launched_(std::move(launched)) { io::add_leader(launched_.pid); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (!reaped_) end();
  }

  /// Kills what is left of it and takes its status.
  siginfo_t end() {
    siginfo_t info{};
    ::kill(-launched_.pid, SIGKILL);
    while (::waitid(P_PIDFD, static_cast<id_t>(launched_.pidfd.get()), &info, WEXITED) != 0 && errno == EINTR) continue;
    reaped_ = true;
    io::remove_leader(launched_.pid);
    return info;
  }

  /// False: not by then.
  bool ended_by(Clock::time_point deadline) const;
  std::optional<io::LaunchError> failure() const { return launched_.failure(); }

 private:
  io::Launched launched_;
  bool reaped_ = false;
};

/// Whether the descriptor can be read by then.
bool readable_by(int fd, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd wanted{fd, POLLIN, 0};
    const int ready = ::poll(&wanted, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready > 0) return true;
    if (ready == 0 && left <= 0) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool Child::ended_by(Clock::time_point deadline) const { return readable_by(launched_.pidfd.get(), deadline); }

enum class Answer { whole, late, too_long };

Answer read_answer(int pipe, Clock::time_point deadline, std::string& answer) {
  std::array<char, 65536> piece;
  while (readable_by(pipe, deadline)) {
    const ssize_t got = ::read(pipe, piece.data(), piece.size());
    if (got == 0) return Answer::whole;
    if (got < 0 && errno != EINTR && errno != EAGAIN) return Answer::whole;
    if (got > 0) answer.append(piece.data(), static_cast<std::size_t>(got));
    if (answer.size() > longest_answer) return Answer::too_long;
  }
  return Answer::late;
}

std::string how_it_ended(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return "ended its process with status " + std::to_string(info.si_status);
  const char* const name = ::sigabbrev_np(info.si_status);
  return std::string("crashed (") + (name == nullptr ? "a signal" : "SIG" + std::string(name)) + ")";
}

std::expected<PluginDeclaration, std::string> probe(const io::LaunchSpec& spec, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  const std::string too_late = "it did not tell what it declares within " + time::format_duration(patience) +
                               ": its constructors and belfry_plugin_entry() must do no work";
  io::Pipe pipe = io::make_pipe();
  auto launched = io::launch(spec, {.report = pipe.write_end.get()});
  pipe.write_end.reset();
  if (!launched) return std::unexpected(launched.error().message);
  Child child(std::move(*launched));
  std::string wire;
  const Answer answer = read_answer(pipe.read_end.get(), deadline, wire);
  if (answer == Answer::too_long) return std::unexpected("what it declares has more than 1 MiB");
  if (answer == Answer::late || !child.ended_by(deadline)) return std::unexpected(too_late);
  const siginfo_t end = child.end();
  if (const auto failure = child.failure()) return std::unexpected(failure->message);
  if (wire.empty()) return std::unexpected("it " + how_it_ended(end) + " while it was asked what it declares");
  return parse_plugin(wire);
}

}  // namespace

std::expected<std::string, std::string> find_plugin_program() {
  return io::find_companion("belfry-plugin", "which plugins are loaded in");
}

std::expected<PluginDeclaration, std::string> probe_plugin(const std::filesystem::path& path,
                                                           std::chrono::milliseconds patience) {
  const auto program = find_plugin_program();
  if (!program) return std::unexpected(program.error());
  const io::LaunchSpec spec{.argv = {*program, "describe", path.native(), std::to_string(::geteuid())},
                            .environment = environment_entries(inherited_environment(false), {}),
                            .working_dir = "/"};
  try {
    return probe(spec, patience);
  } catch (const std::system_error& error) {
    return std::unexpected(std::string("it cannot be asked what it declares: ") + error.what());
  }
}

}  // namespace belfry::jobs
