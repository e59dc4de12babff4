#include "io/process.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "async/event.hpp"
#include "async/loop.hpp"
#include "io/process_tree.hpp"

namespace belfry::io {

namespace {

constexpr int max_sweep_rounds = 1000;

std::chrono::microseconds microseconds(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

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
  status.user_cpu = microseconds(usage.ru_utime);
  status.system_cpu = microseconds(usage.ru_stime);
  status.max_rss_bytes = static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
  return status;
}

}  // namespace

std::expected<Process, LaunchError> Process::start(const LaunchSpec& spec, const LaunchContext& context) {
  auto launched = launch(spec, context);
  if (!launched) return std::unexpected(std::move(launched.error()));
  return Process(std::move(*launched));
}

Process::Process(Launched launched) : launched_(std::move(launched)) {
  add_leader(pid());
  try {
    watcher_ = std::make_unique<FdWatcher>(launched_.pidfd.get());
  } catch (...) {
    ::kill(-pid(), SIGKILL);
    ::waitpid(pid(), nullptr, 0);
    remove_leader(pid());
    throw;
  }
}

Process::Process(Process&& other) noexcept
    : launched_(std::move(other.launched_)),
      watcher_(std::move(other.watcher_)),
      work_(std::move(other.work_)),
      reaped_(std::exchange(other.reaped_, true)) {}

Process::~Process() {
  if (reaped_) return;
  signal_group(SIGKILL);
  remove_leader(pid());
}

async::Task<> Process::ended() { co_await watcher_->readable(); }

ExitStatus Process::reap() {
  if (reaped_) throw std::logic_error("this process has been reaped before");
  siginfo_t info{};
  rusage usage{};
  // glibc's waitid() does not pass the usage on.
  const auto result = ::syscall(SYS_waitid, P_PIDFD, launched_.pidfd.get(), &info, WEXITED | WNOHANG | WNOWAIT, &usage);
  if (result != 0) throw std::system_error(errno, std::generic_category(), "waitid");
  if (info.si_pid == 0) throw std::logic_error("this process has not ended yet");
  signal_group(SIGKILL);  // while the zombie still keeps the number of the group from being given away
  ::syscall(SYS_waitid, P_PIDFD, launched_.pidfd.get(), &info, WEXITED | WNOHANG, &usage);
  reaped_ = true;
  remove_leader(pid());
  watcher_.reset();
  launched_.pidfd.reset();
  work_.end();
  ExitStatus status = to_status(info, usage);
  status.failure = launched_.failure();
  return status;
}

async::Task<ExitStatus> Process::wait() {
  co_await ended();
  co_return reap();
}

void Process::signal_group(int signal) const noexcept {
  if (!reaped_) ::kill(-pid(), signal);
}

async::Task<int> Process::sweep(std::string marker) {
  TreeSweep sweep({pid(), std::move(marker)});
  for (int round = 0; round < max_sweep_rounds; ++round) {
    const auto listing = co_await list_adopted();
    const auto dying = sweep.round(listing->adopted);
    if (!dying) break;
    FdWatcher watcher(dying->get());
    co_await watcher.readable();
  }
  co_return sweep.killed();
}

}  // namespace belfry::io
