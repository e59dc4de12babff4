// See thread_backtrace.hpp.

#include "async/thread_backtrace.hpp"

#include <semaphore.h>
#include <time.h>
#include <ucontext.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <system_error>

namespace belfry::async::detail {
namespace {

/// One request at a time: nobody -> wanted -> being taken -> taken -> nobody. Static, since a signal may arrive late.
enum class State : int { nobody, wanted, being_taken, taken };
std::atomic<State> state = State::nobody;
pthread_t wanted_of;
Backtrace result;
sem_t taken;
std::mutex one_at_a_time;

/// The instruction that was interrupted; null where the machine is not known.
void* interrupted_at([[maybe_unused]] void* context) noexcept {
#if defined(__x86_64__)
  // NOLINTNEXTLINE(performance-no-int-to-ptr): registers are integers
  return reinterpret_cast<void*>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return reinterpret_cast<void*>(static_cast<ucontext_t*>(context)->uc_mcontext.pc);
#else
  return nullptr;
#endif
}

// Nothing here allocates or locks: atomics, backtrace(3) once it is loaded, sem_post(3).
void on_signal(int, siginfo_t*, void* context) {
  const int saved_errno = errno;
  State expected = State::wanted;
  if (state.load(std::memory_order_acquire) == State::wanted && pthread_equal(wanted_of, pthread_self()) != 0 &&
      state.compare_exchange_strong(expected, State::being_taken)) {
    result = Backtrace::capture();
    result.drop_until(interrupted_at(context));
    state.store(State::taken, std::memory_order_release);
    sem_post(&taken);
  }
  errno = saved_errno;
}

bool wait_until_taken() noexcept {
  timespec deadline{};
  clock_gettime(CLOCK_MONOTONIC, &deadline);
  ++deadline.tv_sec;
  int failed = 0;
  do {
    failed = sem_clockwait(&taken, CLOCK_MONOTONIC, &deadline);
  } while (failed != 0 && errno == EINTR);
  if (failed == 0) return state.load(std::memory_order_acquire) == State::taken;
  State expected = State::wanted;
  if (state.compare_exchange_strong(expected, State::nobody)) return false;
  while (sem_wait(&taken) != 0) {  // it came at the last moment
  }
  return state.load(std::memory_order_acquire) == State::taken;
}

}  // namespace

void handle_backtrace_signal(int signal) {
  static const int semaphore_made = sem_init(&taken, 0, 0);
  static_cast<void>(semaphore_made);
  Backtrace::prepare();
  struct sigaction action = {};
  action.sa_sigaction = &on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&action.sa_mask);
  if (sigaction(signal, &action, nullptr) != 0) throw std::system_error(errno, std::generic_category(), "sigaction");
  sigset_t unblocked;
  sigemptyset(&unblocked);
  sigaddset(&unblocked, signal);
  pthread_sigmask(SIG_UNBLOCK, &unblocked, nullptr);
}

Backtrace backtrace_of(pthread_t thread, int signal) noexcept {
  const std::scoped_lock lock(one_at_a_time);
  wanted_of = thread;
  state.store(State::wanted, std::memory_order_release);
  if (pthread_kill(thread, signal) != 0 || !wait_until_taken()) {
    state.store(State::nobody);
    return {};
  }
  const Backtrace trace = result;
  state.store(State::nobody);
  return trace;
}

}  // namespace belfry::async::detail
