// A daemon that starts a job and is killed: a process of its own that runs an action as belfryd does, and leaves behind
// what belfryd leaves: the mark of the job's process and the memory with the ends of its output.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "async/run.hpp"
#include "engine/action.hpp"
#include "io/exec_shim.hpp"
#include "io/fd.hpp"
#include "io/fd_keeper.hpp"
#include "io/output_mirror.hpp"
#include "io/process_mark.hpp"
#include "support/temp_dir.hpp"
#include "support/tree_id.hpp"

namespace belfry::test {

class EarlierDaemon {
 public:
  static constexpr std::size_t kept_size = 4096;

  /// Starts the action in a process whose children go, when it is killed, to a helper that plays init.
  /// `keeps`: it gives descriptors into the keeping of another process, as belfryd does.
  explicit EarlierDaemon(std::shared_ptr<const engine::Action> action, bool keeps) : keeps_(keeps) {
    void* const memory = ::mmap(nullptr, 2 * kept_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    kept_ = {static_cast<std::byte*>(memory), 2 * kept_size};
    tree_id();  // both sides of the fork have the same
    std::array<int, 2> told{};
    REQUIRE(::pipe2(told.data(), O_CLOEXEC) == 0);
    init_ = ::fork();
    REQUIRE(init_ >= 0);
    if (init_ == 0) play_init(std::move(action), told[1]);
    ::close(told[1]);
    REQUIRE(::read(told[0], &daemon_, sizeof daemon_) == sizeof daemon_);
    REQUIRE(::read(told[0], &mark_, sizeof mark_) == sizeof mark_);
    ::close(told[0]);
  }
  EarlierDaemon(const EarlierDaemon&) = delete;
  EarlierDaemon& operator=(const EarlierDaemon&) = delete;
  ~EarlierDaemon() {
    kill();
    if (io::start_ticks_of(mark_.pid) == mark_.start_ticks) ::kill(-mark_.pid, SIGKILL);
    if (keeps_) open_keeper()->end();
    ::waitpid(init_, nullptr, 0);
    ::munmap(kept_.data(), kept_.size());
  }

  const io::ProcessMark& mark() const noexcept { return mark_; }
  std::span<std::byte> kept_output() const noexcept { return kept_.first(kept_size); }
  std::span<std::byte> kept_error() const noexcept { return kept_.last(kept_size); }

  bool keeps() const noexcept { return keeps_; }

  /// What it gave into that keeping; for the report of the next daemon.
  std::vector<io::KeptFd> kept() const {
    return keeps_ ? open_keeper()->take(attempt().run) : std::vector<io::KeptFd>();
  }

  /// kill -9; returns when it is dead.
  void kill() {
    if (daemon_ == 0) return;
    const io::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, daemon_, 0)));
    ::kill(std::exchange(daemon_, 0), SIGKILL);
    pollfd dead{pidfd.get(), POLLIN, 0};
    ::poll(&dead, 1, -1);
  }

  static engine::Attempt attempt() {
    return {.job = "the job", .run = 7, .scheduled_at = std::nullopt, .started_at = {}, .ledger_id = tree_id()};
  }

 private:
  [[noreturn]] void play_init(std::shared_ptr<const engine::Action> action, int told) const {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (::fork() == 0) {
      const pid_t self = ::getpid();
      if (::write(told, &self, sizeof self) != sizeof self) ::_exit(1);
      async::run(carry_out(std::move(action), told));
      ::_exit(0);
    }
    ::close(told);
    while (::waitpid(-1, nullptr, 0) > 0) continue;
    ::_exit(0);
  }

  async::Task<> carry_out(std::shared_ptr<const engine::Action> action, int told) const {
    engine::Report report;
    report.kept_output = kept_output();
    report.kept_error = kept_error();
    const auto keeper = keeps_ ? open_keeper() : nullptr;
    if (keeper)
      report.keep = [&](std::span<const io::LabelledFd> fds, bool) { return keeper->keep(attempt().run, fds); };
    report.launched = [told](const io::ProcessMark& mark) {
      if (::write(told, &mark, sizeof mark) != sizeof mark) ::_exit(1);
    };
    const engine::Attempt attempt = EarlierDaemon::attempt();
    co_await action->run(attempt, report);
  }

  std::unique_ptr<io::FdKeeper> open_keeper() const { return io::FdKeeper::open(door_, io::find_shim().value()); }

  bool keeps_;
  TempDir folder_;
  std::filesystem::path door_ = folder_ / "door";
  std::span<std::byte> kept_;
  pid_t init_ = 0;
  pid_t daemon_ = 0;
  io::ProcessMark mark_;
};

/// What the next daemon made of it.
struct Adopted {
  std::optional<ledger::Outcome> outcome;
  bool cancelled = false;
  engine::Report report;

  const std::string& output() const { return report.standard_output.head; }
};

/// Adopts as the next belfryd does, with all that this daemon left; `mark` of the process, {}: it was not told in time.
inline async::Task<> adopt_into(Adopted& adopted, std::shared_ptr<const engine::Action> action,
                                const EarlierDaemon& daemon, io::ProcessMark mark) {
  adopted.report.kept_output = daemon.kept_output();
  adopted.report.kept_error = daemon.kept_error();
  adopted.report.kept = daemon.kept();
  const engine::Attempt attempt = EarlierDaemon::attempt();
  adopted.outcome = co_await action->adopt(attempt, mark, adopted.report);
}

inline async::Task<Adopted> adopt_it(std::shared_ptr<const engine::Action> action, const EarlierDaemon& daemon,
                                     io::ProcessMark mark) {
  Adopted adopted;
  co_await adopt_into(adopted, std::move(action), daemon, mark);
  co_return adopted;
}

/// Whether the new daemon, this process, has that pipe.
inline bool we_have(std::uint64_t pipe) {
  const std::string wanted = "pipe:[" + std::to_string(pipe) + "]";
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    if (std::filesystem::read_symlink(entry.path(), gone) == wanted) return true;
  }
  return false;
}

/// Whether the new daemon reads the output.
inline bool reads_on(const Adopted& adopted, const EarlierDaemon& daemon) {
  if (adopted.report.kept.empty()) return we_have(io::OutputMirror(daemon.kept_output()).source());
  const auto taken = [](const io::KeptFd& kept) { return !kept.fd; };
  return std::ranges::any_of(adopted.report.kept, taken);
}

inline async::Task<Adopted> adopt_it(std::shared_ptr<const engine::Action> action, const EarlierDaemon& daemon) {
  return adopt_it(std::move(action), daemon, daemon.mark());
}

}  // namespace belfry::test
