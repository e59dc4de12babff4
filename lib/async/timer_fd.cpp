// See timer_fd.hpp and timerfd_create(2).

#include "async/timer_fd.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "async/timer_heap.hpp"

namespace belfry::async::detail {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t disarmed = TimerHeap::never;
constexpr std::int64_t unknown = TimerHeap::never - 1;  // what it is armed for is not known: arm it again

}  // namespace

TimerFd::TimerFd(uv_loop_t* loop, Kind kind, std::move_only_function<void(bool)> expired)
    : expired_(std::move(expired)),
      kind_(kind),
      fd_(timerfd_create(kind == Kind::wall ? CLOCK_REALTIME : CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      armed_(kind == Kind::wall ? unknown : disarmed) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "timerfd_create");
  int error = uv_poll_init(loop, poll_.get(), fd_);
  if (error == 0) {
    poll_.opened();
    poll_->data = this;
    error = uv_poll_start(poll_.get(), UV_READABLE,
                          [](uv_poll_t* poll, int, int) { static_cast<TimerFd*>(poll->data)->read(); });
  }
  if (error != 0) {
    poll_.close();
    ::close(fd_);
    throw std::system_error(-error, std::generic_category(), "uv_poll on a timerfd");
  }
}

TimerFd::~TimerFd() {
  poll_.close();  // takes the descriptor out of epoll at once
  ::close(fd_);
}

bool TimerFd::arm(std::int64_t deadline_ns) noexcept {
  if (deadline_ns == armed_) return false;
  armed_ = deadline_ns;
  // A zero it_value would disarm; one far in the future keeps the watch on changes of the clock.
  std::int64_t at = std::max<std::int64_t>(deadline_ns, 1);
  if (deadline_ns == disarmed && kind_ == Kind::monotonic) at = 0;
  itimerspec spec{};
  spec.it_value = {.tv_sec = at / second, .tv_nsec = at % second};
  const int flags = TFD_TIMER_ABSTIME | (kind_ == Kind::wall ? TFD_TIMER_CANCEL_ON_SET : 0);
  return timerfd_settime(fd_, flags, &spec, nullptr) != 0 && errno == ECANCELED;
}

void TimerFd::read() noexcept {
  std::uint64_t expirations = 0;
  const ssize_t got = ::read(fd_, &expirations, sizeof expirations);
  const bool clock_changed = got < 0 && errno == ECANCELED;
  if (got < 0 && !clock_changed) return;  // EAGAIN: armed anew since it expired
  armed_ = clock_changed || kind_ == Kind::wall ? unknown : disarmed;
  expired_(clock_changed);
}

}  // namespace belfry::async::detail
