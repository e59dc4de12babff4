#include "daemon/control/exchange.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace belfry::daemon {

Mailbox::Mailbox() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw std::system_error(errno, std::system_category(), "eventfd");
}

Mailbox::~Mailbox() { ::close(fd_); }

void Mailbox::put(Letter letter) {
  {
    const std::lock_guard lock(mutex_);
    letters_.push_back(std::move(letter));
  }
  wake();
}

void Mailbox::wake() const noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(fd_, &one, sizeof one);  // fails only when it is readable already
}

std::vector<Mailbox::Letter> Mailbox::take() {
  std::uint64_t ignored = 0;
  [[maybe_unused]] const ssize_t got = ::read(fd_, &ignored, sizeof ignored);
  const std::lock_guard lock(mutex_);
  return std::exchange(letters_, {});
}

void Exchange::reply(Reply reply) const {
  finish([reply = std::move(reply)]() mutable { return std::move(reply); });
}

void Exchange::finish(Finish finish) const { mailbox_->put({.exchange = id_, .content = std::move(finish)}); }

void Exchange::expire(Expiry expiry) const { mailbox_->put({.exchange = id_, .content = std::move(expiry)}); }

}  // namespace belfry::daemon
