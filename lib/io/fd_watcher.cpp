#include "io/fd_watcher.hpp"

#include <poll.h>
#include <sys/epoll.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace belfry::io {

namespace {

std::uint32_t epoll_events(FdWatcher::Interest interest) {
  switch (interest) {
    case FdWatcher::Interest::read:
      return EPOLLIN;
    case FdWatcher::Interest::write:
      return EPOLLOUT;
    case FdWatcher::Interest::hangup:
      return 0;  // is always told
    case FdWatcher::Interest::both:
      break;
  }
  return EPOLLIN | EPOLLOUT;
}

}  // namespace

FdWatcher::FdWatcher(int fd, Interest interest) : poller_(Poller::of_current_loop()), fd_(fd) {
  poller_->add(fd, epoll_events(interest), *this);
}

FdWatcher::~FdWatcher() { poller_->remove(fd_, *this); }

FdWatcher::Ready FdWatcher::readable() { return {*this, reader_, POLLIN, "fd.readable"}; }

FdWatcher::Ready FdWatcher::writable() { return {*this, writer_, POLLOUT, "fd.writable"}; }

FdWatcher::Ready FdWatcher::hung_up() { return {*this, reader_, 0, "fd.hung_up"}; }

void FdWatcher::on_ready(std::uint32_t events) {
  silent_ = false;
  constexpr std::uint32_t ended = EPOLLHUP | EPOLLERR;  // a read or write would return at once
  if (reader_ != nullptr && (events & (EPOLLIN | ended)) != 0) std::exchange(reader_, nullptr)->complete();
  if (writer_ != nullptr && (events & (EPOLLOUT | ended)) != 0) std::exchange(writer_, nullptr)->complete();
}

bool FdWatcher::Ready::start() {
  // The edge may have passed unseen, so ask. After "not yet" the next edge comes for certain.
  pollfd now{watcher_.fd_, wanted_, 0};
  if (!watcher_.silent_ && ::poll(&now, 1, 0) != 0) return false;
  if (slot_ != nullptr) throw std::logic_error("another task waits for the same direction of this descriptor");
  slot_ = this;
  return true;
}

}  // namespace belfry::io
