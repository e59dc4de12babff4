#include "io/foreign_exit.hpp"

#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>
#include <thread>
#include <utility>

#include "async/no_signals.hpp"

namespace belfry::io {

namespace {

// As in linux/pidfd.h of Linux 6.15: the headers that we compile with are older than the kernels that we run on.
struct PidfdInfo {
  std::uint64_t mask;
  std::uint64_t cgroup;
  std::uint32_t ids[11];  // NOLINT(*-avoid-c-arrays): pid, tgid, ppid, four users, four groups
  std::int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);

constexpr std::uint64_t pidfd_info_exit = 1U << 3U;
constexpr unsigned long pidfd_get_info = _IOWR(0xFF, 11, PidfdInfo);

bool try_keeping() {
  // NOLINTNEXTLINE(*vfork,*-unsafe-functions,cert-msc*): the child does nothing but _exit()
  const pid_t child = ::vfork();
  if (child == 0) ::_exit(0);
  if (child < 0) return false;
  const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED) != 0 && errno == EINTR) continue;
  return pidfd && kept_status(pidfd.get()).has_value();
}

bool is_group_stop(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

// Lets a stopped process do what it would do without us.
void pass_on(pid_t pid, int status) {
  const int signal = WSTOPSIG(status);
  if (status >> 16 != PTRACE_EVENT_STOP) {
    ::ptrace(PTRACE_CONT, pid, nullptr, signal);  // a signal on its way to the process
  } else if (is_group_stop(signal)) {
    ::ptrace(PTRACE_LISTEN, pid, nullptr, nullptr);  // it stays stopped until SIGCONT
  } else {
    ::ptrace(PTRACE_CONT, pid, nullptr, nullptr);
  }
}

}  // namespace

bool pidfd_keeps_status() {
  static const bool keeps = try_keeping();
  return keeps;
}

std::optional<int> kept_status(int pidfd) noexcept {
  PidfdInfo info{};
  info.mask = pidfd_info_exit;
  if (::ioctl(pidfd, pidfd_get_info, &info) != 0 || (info.mask & pidfd_info_exit) == 0) return std::nullopt;
  return info.exit_code;
}

struct Tracer::Shared {
  explicit Shared(const ProcessMark& mark) : process(mark), done(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!done) throw std::system_error(errno, std::generic_category(), "eventfd");
  }

  void run() noexcept;
  std::optional<End> follow() const;

  ProcessMark process;
  Fd done;
  std::optional<End> end;  // the thread's until `over`
  std::atomic<bool> over = false;
};

void Tracer::Shared::run() noexcept {
  end = follow();
  over.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  static_cast<void>(::write(done.get(), &one, sizeof one));
}

std::optional<Tracer::End> Tracer::Shared::follow() const {
  if (::ptrace(PTRACE_SEIZE, process.pid, nullptr, nullptr) != 0) return std::nullopt;
  // From here on its number stays its own until we take its status. Was it the one that is meant? If not, the kernel
  // lets it go when this thread ends.
  if (start_ticks_of(process.pid) != process.start_ticks) return std::nullopt;
  while (true) {
    End ended;
    const pid_t pid = ::wait4(process.pid, &ended.status, __WALL, &ended.usage);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) return std::nullopt;
    if (!WIFSTOPPED(ended.status)) return ended;
    pass_on(pid, ended.status);
  }
}

Tracer::Tracer(const ProcessMark& process) : shared_(std::make_shared<Shared>(process)) {
  const async::NoSignals quiet;
  std::thread([shared = shared_] {
    ::pthread_setname_np(::pthread_self(), "tracer");
    shared->run();
  }).detach();
}

Tracer::~Tracer() = default;

int Tracer::descriptor() const noexcept { return shared_->done.get(); }

std::optional<Tracer::End> Tracer::end() const {
  return shared_->over.load(std::memory_order_acquire) ? shared_->end : std::nullopt;
}

}  // namespace belfry::io
