#include "io/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace belfry::io {

namespace {

Fd open_signalfd(const sigset_t& set) {
  Fd fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) throw std::system_error(errno, std::generic_category(), "signalfd");
  return fd;
}

}  // namespace

BlockedSignals::BlockedSignals(std::initializer_list<int> signals) {
  sigemptyset(&set_);
  for (const int signal : signals) sigaddset(&set_, signal);
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &set_, &before_); error != 0) {
    throw std::system_error(error, std::generic_category(), "pthread_sigmask");
  }
}

BlockedSignals::~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

SignalStream::SignalStream(const BlockedSignals& signals) : fd_(open_signalfd(signals.set())), watcher_(fd_.get()) {}

async::Task<int> SignalStream::next() {
  while (true) {
    co_await watcher_.readable();
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) == sizeof info) co_return static_cast<int>(info.ssi_signo);
  }
}

}  // namespace belfry::io
