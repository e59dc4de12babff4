#include "io/fd_keeper.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "io/fd_keeper_message.hpp"
#include "io/fd_message.hpp"
#include "io/process_tree.hpp"

namespace belfry::io {
namespace {

constexpr auto patience = std::chrono::seconds(2);
constexpr auto replace_every = std::chrono::seconds(10);
constexpr std::size_t look_every = 32;  // messages: a queue holds 160 to 280 of them

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

sockaddr_un address_of(const std::filesystem::path& door) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& path = door.native();
  if (path.size() >= sizeof address.sun_path) fail(ENAMETOOLONG, path);
  path.copy(address.sun_path, path.size());
  return address;
}

Fd new_socket(int flags) {
  Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0));
  if (!socket) fail(errno, "socket");
  return socket;
}

const sockaddr* plain(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

/// Connected; none: nobody is behind the door, or another user is.
Fd connect_to(const std::filesystem::path& door) {
  Fd socket = new_socket(SOCK_NONBLOCK);  // somebody else's socket may let its callers wait for ever
  const sockaddr_un address = address_of(door);
  if (::connect(socket.get(), plain(address), sizeof address) != 0) return {};
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || who.uid != ::geteuid()) return {};
  if (::fcntl(socket.get(), F_SETFL, 0) != 0) return {};
  return socket;
}

Fd open_door(const std::filesystem::path& door) {
  Fd socket = new_socket(0);
  const sockaddr_un address = address_of(door);
  ::unlink(door.c_str());  // of a keeper that has ended
  if (::bind(socket.get(), plain(address), sizeof address) != 0) fail(errno, door.native());
  if (::chmod(door.c_str(), 0600) != 0) fail(errno, door.native());
  if (::listen(socket.get(), 4) != 0) fail(errno, "listen");
  return socket;
}

/// In a session of its own, with an empty environment and no descriptor but the door: nothing of it belongs to a job.
pid_t start_program(const std::string& program, std::string path, int door) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_init(&actions);
  sigset_t all;
  ::sigfillset(&all);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  ::posix_spawn_file_actions_adddup2(&actions, door, STDIN_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string name = "belfry-exec";
  std::string flag = "--keeper";
  std::array<char*, 4> argv{name.data(), flag.data(), path.data(), nullptr};
  std::array<char*, 1> environment{nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) fail(error, program);
  return pid;
}

}  // namespace

std::unique_ptr<FdKeeper> FdKeeper::open(const std::filesystem::path& door, std::string program) {
  std::unique_ptr<FdKeeper> keeper(new FdKeeper(door, std::move(program)));
  if (!keeper->take_over()) keeper->start();
  return keeper;
}

FdKeeper::~FdKeeper() {
  if (keeper_ != 0) no_stray(keeper_, false);
}

/// From the keeper of an earlier daemon. False: there is none, or it is just ending.
bool FdKeeper::take_over() {
  Fd connection = connect_to(door_);
  if (!connection) return false;
  const timeval limit{.tv_sec = std::chrono::seconds(patience).count(), .tv_usec = 0};
  ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  while (true) {
    KeeperMessage message{};
    const ReceivedFds received = receive_fds(connection.get(), &message, sizeof message);
    if (received.bytes <= 0) {
      left_.clear();
      return false;
    }
    if (message.owner == no_owner) {
      keeper_ = static_cast<pid_t>(message.labels[0]);
      break;
    }
    for (std::size_t i = 0; i < received.count; ++i) {
      Fd fd(received.fds[i]);
      if (i < message.fds) left_[message.owner].push_back({.label = message.labels[i], .fd = std::move(fd)});
    }
  }
  adopt_connection(std::move(connection));
  return true;
}

void FdKeeper::start() {
  const Fd door = open_door(door_);
  keeper_ = start_program(program_, door_.native(), door.get());
  adopt_connection(connect_to(door_));
}

void FdKeeper::adopt_connection(Fd connection) {
  no_stray(keeper_, true);
  connection_ = std::move(connection);
  if (!connection_ || !open_queue()) fail(errno, "the keeper of descriptors");
}

std::vector<KeptFd> FdKeeper::take(std::int64_t owner) {
  const auto found = left_.find(owner);
  if (found == left_.end()) return {};
  return std::move(left_.extract(found).mapped());
}

std::vector<std::int64_t> FdKeeper::owners() const {
  std::vector<std::int64_t> all;
  all.reserve(left_.size());
  for (const auto& [owner, fds] : left_) all.push_back(owner);
  return all;
}

bool FdKeeper::keep(std::int64_t owner, std::span<const LabelledFd> fds) noexcept {
  if (fds.empty() || fds.size() > KeeperMessage::most_fds) return false;
  if (send(owner, fds)) return true;
  switch (errno) {
    case EAGAIN:  // it is full: he reads on in another
      return open_queue() && send(owner, fds);
    case ETOOMANYREFS:
      say(static_cast<char>(KeeperWord::look));
      return false;
    default:
      return replace() && send(owner, fds);
  }
}

void FdKeeper::drop(std::int64_t owner) noexcept {
  left_.erase(owner);
  dropped_.push_back(owner);
  if (dropped_.size() >= KeeperMessage::most_dropped) flush();
}

void FdKeeper::flush() noexcept {
  while (!dropped_.empty()) {
    if (send(no_owner, {}) || (errno == EAGAIN && open_queue() && send(no_owner, {}))) continue;
    if (errno != EAGAIN) dropped_.clear();  // nobody is left to be told
    break;                                  // else it stands still: later
  }
  if (unseen_ == 0) return;
  unseen_ = 0;
  say(static_cast<char>(KeeperWord::look));
}

void FdKeeper::end() noexcept {
  say(static_cast<char>(KeeperWord::bye));
  ::unlink(door_.c_str());
  queue_.reset();
  connection_.reset();
  program_.clear();
}

/// The old one, if there is one, is complete: its writing end is closed when he has been told of the new one.
bool FdKeeper::open_queue() noexcept {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
  const Fd theirs(ends[0]);
  Fd ours(ends[1]);
  if (!say(static_cast<char>(KeeperWord::queue), theirs.get())) return false;
  queue_ = std::move(ours);
  unseen_ = 0;
  return true;
}

bool FdKeeper::say(char word, int fd) noexcept {
  const std::span<const int> fds(&fd, fd >= 0 ? 1U : 0U);
  return send_fds(connection_.get(), &word, 1, fds, MSG_DONTWAIT) == 1;
}

/// One message, with what was dropped before. False: errno says why, and nothing was sent.
bool FdKeeper::send(std::int64_t owner, std::span<const LabelledFd> fds) noexcept {
  KeeperMessage message{};
  message.owner = owner;
  std::array<int, KeeperMessage::most_fds> sent{};
  for (const LabelledFd& each : fds) {
    message.labels[message.fds] = each.label;
    sent[message.fds++] = each.fd;
  }
  const std::size_t telling = std::min(dropped_.size(), KeeperMessage::most_dropped);
  for (std::size_t i = 0; i < telling; ++i) message.dropped_owners[message.dropped++] = dropped_[i];
  if (send_fds(queue_.get(), &message, message.size(), {sent.data(), message.fds}, MSG_DONTWAIT) < 0) return false;
  dropped_.erase(dropped_.begin(), dropped_.begin() + static_cast<std::ptrdiff_t>(telling));
  if (++unseen_ >= look_every) {
    unseen_ = 0;
    say(static_cast<char>(KeeperWord::look));  // not heard, the mailbox being full: he is awake then
  }
  return true;
}

/// The keeper has died.
bool FdKeeper::replace() noexcept {
  const auto now = std::chrono::steady_clock::now();
  if (program_.empty() || (replaced_at_ != decltype(replaced_at_){} && now < replaced_at_ + replace_every))
    return false;
  replaced_at_ = now;
  no_stray(std::exchange(keeper_, 0), false);
  dropped_.clear();
  try {
    start();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace belfry::io
