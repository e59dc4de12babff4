#include "io/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "async/event.hpp"
#include "async/fault_point.hpp"
#include "async/loop.hpp"
#include "async/sleep.hpp"
#include "async/timeout.hpp"
#include "io/foreign_exit.hpp"
#include "io/foreign_tree.hpp"
#include "io/launch_child.hpp"
#include "io/proc_file.hpp"
#include "io/process_tree.hpp"

namespace belfry::io {

namespace {

constexpr int max_sweep_rounds = 1000;

/// For a process that is between two programs: it takes a tenth of that, or as long as a slow disk.
constexpr auto execve_pause = std::chrono::milliseconds(1);

/// How long the parent of an adopted process may take to reap it: init does it at once, a container's first process
/// perhaps never.
constexpr auto parent_patience = std::chrono::seconds(1);

/// Who does not die by SIGKILL in that time is held by the kernel: by a dead file server, or a broken disk.
constexpr auto death_patience = std::chrono::seconds(5);

async::Task<> wait_for_death(FdWatcher& watcher) { co_await watcher.readable(); }

async::Task<> wait_for_hang_up(FdWatcher& watcher) { co_await watcher.hung_up(); }

/// One reading of the adopted children for all sweeps of a turn of the loop: it grows with the number of live jobs.
struct Listing {
  explicit Listing(async::Loop& owner) : loop(owner) {}
  async::Loop& loop;
  async::Event ready;
  std::vector<pid_t> adopted;
};

thread_local std::weak_ptr<Listing> upcoming;

async::Task<std::shared_ptr<const Listing>> list_adopted() {
  auto& loop = async::Loop::current();
  auto listing = upcoming.lock();
  if (!listing || &listing->loop != &loop || listing->ready.is_set()) {
    listing = std::make_shared<Listing>(loop);
    upcoming = listing;
    loop.call_soon([listing] {
      listing->adopted = adopted_children();
      listing->ready.set();
    });
  }
  co_await listing->ready.wait();
  co_return listing;
}

ExitStatus to_status(const siginfo_t& info, const rusage& usage) {
  ExitStatus status;
  (info.si_code == CLD_EXITED ? status.exit_code : status.signal) = info.si_status;
  status.core_dumped = info.si_code == CLD_DUMPED;
  status.usage = usage_from(usage);
  return status;
}

ExitStatus to_status(int wait_status) {
  ExitStatus status;
  if (WIFEXITED(wait_status)) status.exit_code = WEXITSTATUS(wait_status);
  if (WIFSIGNALED(wait_status)) status.signal = WTERMSIG(wait_status);
  status.core_dumped = WIFSIGNALED(wait_status) && WCOREDUMP(wait_status);
  return status;
}

}  // namespace

/// What stands in for the right of a parent to the status. None: nobody tells us.
struct Process::Foreign {
  bool by_pidfd = false;
  bool by_zombie = false;
  std::optional<int> as_zombie;
  std::optional<Tracer> tracer;
};

std::expected<Process, LaunchError> Process::start(const LaunchSpec& spec, const LaunchContext& context) {
  BELFRY_FAULT_POINT("process.before_launch");
  auto launched = launch(spec, context);
  BELFRY_FAULT_POINT("process.launched");
  if (!launched) return std::unexpected(std::move(launched.error()));
  const pid_t pid = launched->pid;
  try {
    return Process(std::move(*launched), nullptr);
  } catch (...) {
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    throw;
  }
}

std::optional<Process> Process::adopt(const ProcessMark& process, const AdoptOptions& options) {
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  // Compared while we hold the pidfd: whoever has the number now is the one that it stands for.
  const auto stat = read_stat(process.pid);
  if (!pidfd || !stat || stat->start_ticks != process.start_ticks) return std::nullopt;
  std::unique_ptr<Foreign> foreign;
  if (stat->parent != ::getpid()) {
    foreign = std::make_unique<Foreign>();
    foreign->by_zombie = options.by_zombie;
    foreign->by_pidfd = options.by_pidfd && pidfd_keeps_status();
    if (!foreign->by_pidfd && options.by_trace) foreign->tracer.emplace(process);
  }
  return Process({process.pid, std::move(pidfd), std::make_shared<ChildAnswer>(), process.start_ticks},
                 std::move(foreign));
}

std::optional<ExitStatus> Process::status_of(const Fd& pidfd) {
  const auto kept = pidfd ? kept_status(pidfd.get()) : std::nullopt;
  return kept ? std::optional(to_status(*kept)) : std::nullopt;
}

Process::Process(Launched launched, std::unique_ptr<Foreign> foreign)
    : launched_(std::move(launched)),
      foreign_(std::move(foreign)),
      watcher_(std::make_unique<FdWatcher>(launched_.pidfd.get())) {
  add_leader(pid());
}

Process::Process(Process&& other) noexcept
    : launched_(std::move(other.launched_)),
      foreign_(std::move(other.foreign_)),
      watcher_(std::move(other.watcher_)),
      work_(std::move(other.work_)),
      swept_(other.swept_),
      ended_(other.ended_),
      reaped_(std::exchange(other.reaped_, true)) {}

Process::~Process() {
  if (reaped_) return;
  signal_group(SIGKILL);
  remove_leader(pid());
}

async::Task<> Process::ended() {
  // Asked again: an event of another descriptor, that had this number before in the same poll, looks like its own.
  while (!ended_) {
    co_await watcher_->readable();
    ended_ = has_ended();
  }
  if (foreign_) co_await status_kept();
}

async::Task<> Process::status_kept() {
  if (foreign_->tracer) {
    FdWatcher done(foreign_->tracer->descriptor());
    co_await done.readable();
  }
  // Its parent, init, reaps it at once, or later: the kernel tells by /proc until then, by the pidfd from then on.
  const auto stat = foreign_->by_zombie ? read_stat(pid()) : std::nullopt;
  if (stat && stat->start_ticks == launched_.start_ticks) {
    foreign_->as_zombie = stat->wait_status;
    if (foreign_->as_zombie) co_return;
  }
  if (!foreign_->by_pidfd || kept_status(launched_.pidfd.get())) co_return;
  const Fd same(::fcntl(launched_.pidfd.get(), F_DUPFD_CLOEXEC, 0));  // a descriptor is watched only once
  if (!same) co_return;
  FdWatcher reaped(same.get(), FdWatcher::Interest::hangup);
  auto hang_up = wait_for_hang_up(reaped);
  co_await async::move_on_after(parent_patience, std::move(hang_up));
}

ExitStatus Process::reap(Reach reach) {
  if (reaped_) throw std::logic_error("this process has been reaped before");
  if (!ended_ && !has_ended()) throw std::logic_error("this process has not ended yet");
  if (foreign_) {
    const ExitStatus status = foreign_status();
    let_go();
    return status;
  }
  BELFRY_FAULT_POINT("process.before_reap");
  // While the zombie still keeps the number of the group from being given away.
  if (reach != Reach::leader) signal_group(SIGKILL);
  const TreeUsage of_strays = usage_of_strays(pid());
  siginfo_t info{};
  rusage usage{};
  // glibc's waitid() does not pass the usage on.
  const auto result = ::syscall(SYS_waitid, P_PIDFD, launched_.pidfd.get(), &info, WEXITED | WNOHANG, &usage);
  if (result != 0) throw std::system_error(errno, std::generic_category(), "waitid");
  let_go();
  BELFRY_FAULT_POINT("process.reaped");
  ExitStatus status = to_status(info, usage);
  status.usage.add(swept_);
  status.usage.add(of_strays);
  status.failure = launched_.failure();
  return status;
}

ExitStatus Process::foreign_status() const {
  if (const auto end = foreign_->tracer ? foreign_->tracer->end() : std::nullopt) {
    ExitStatus status = to_status(end->status);
    status.usage = usage_from(end->usage);
    return status;
  }
  if (foreign_->as_zombie) return to_status(*foreign_->as_zombie);
  const auto kept = foreign_->by_pidfd ? kept_status(launched_.pidfd.get()) : std::nullopt;
  return kept ? to_status(*kept) : ExitStatus();
}

void Process::let_go() noexcept {
  reaped_ = true;
  remove_leader(pid());
  watcher_.reset();
  launched_.pidfd.reset();
  work_.end();
}

bool Process::has_ended() const noexcept {
  if (foreign_) return !lives();
  siginfo_t info{};
  const int result = ::waitid(P_PIDFD, static_cast<id_t>(launched_.pidfd.get()), &info, WEXITED | WNOHANG | WNOWAIT);
  return result != 0 || info.si_pid != 0;
}

bool Process::lives() const noexcept {
  pollfd now{launched_.pidfd.get(), POLLIN, 0};
  return ::poll(&now, 1, 0) == 0;
}

async::Task<ExitStatus> Process::wait() {
  co_await ended();
  co_return reap();
}

void Process::signal_group(int signal) const noexcept {
  if (reaped_) return;
  // A foreign one's number may be given away once it has ended; what is left of its group then is for the sweep.
  if (!foreign_ || lives()) ::kill(-pid(), signal);
}

void Process::signal_leader(int signal) const noexcept {
  if (!reaped_) ::syscall(SYS_pidfd_send_signal, launched_.pidfd.get(), signal, nullptr, 0);
}

async::Task<Survivors> Process::sweep(std::string marker, Reach reach) {
  if (reach == Reach::leader) co_return Survivors();
  if (foreign_) {
    ForeignTree tree{.leader = mark(), .marker = reach == Reach::tree ? std::move(marker) : std::string()};
    Survivors survivors = co_await kill_foreign_tree(std::move(tree));
    co_return survivors;
  }
  TreeSweep sweep({.leader = pid(), .marker = std::move(marker), .group_only = reach == Reach::group});
  for (int round = 0; round < max_sweep_rounds; ++round) {
    const auto listing = co_await list_adopted();
    const auto found = sweep.round(listing->adopted);
    if (found.nothing()) break;
    if (!found.dying) {
      co_await async::sleep(execve_pause);
      continue;
    }
    FdWatcher watcher(found.dying->get());
    const bool died = co_await async::move_on_after(death_patience, wait_for_death(watcher));
    if (!died) break;
  }
  swept_.add(sweep.usage());
  co_return sweep.survivors();
}

}  // namespace belfry::io
