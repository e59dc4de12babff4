// The lock beside the ledger; see state_lock.hpp and flock(2).
#include "ledger/state_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "ledger/error.hpp"

namespace belfry::ledger {
namespace {

std::string holder(int fd) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size() - 1, 0);
  const std::string pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return pid.empty() ? "another process" : "process " + pid.substr(0, pid.find('\n'));
}

}  // namespace

StateLock::StateLock(const std::string& ledger_path) {
  const std::string path = ledger_path + ".lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) throw LedgerError(path + ": open: " + std::strerror(errno));
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const int cause = errno;
    const std::string who = holder(fd_);
    ::close(fd_);
    if (cause != EWOULDBLOCK) throw LedgerError(path + ": flock: " + std::strerror(cause));
    throw LedgerInUse(ledger_path + ": the ledger is in use by " + who +
                      "; stop that belfryd first, or give this one another state folder");
  }
  // The number only helps people; a disk too full to take it does not matter.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd_, 0) == 0) static_cast<void>(::pwrite(fd_, pid.data(), pid.size(), 0));
}

StateLock::~StateLock() { ::close(fd_); }

}  // namespace belfry::ledger
