// The keeper: holds descriptors for belfryd, and for the next belfryd when that one was killed.
//
// It sleeps in poll(2) until somebody connects, speaks or dies. What was sent into the queue before its writer died is
// still there, so nothing is lost by reading it late.
#include "keeper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <vector>

#include "io/fd_keeper_message.hpp"
#include "io/fd_message.hpp"

namespace {

using belfry::io::KeeperMessage;
using belfry::io::KeeperWord;
using belfry::io::ReceivedFds;

struct Held {
  std::int64_t owner;
  std::uint32_t label;
  int fd;
};

constexpr int look_at_door_every = 60'000;  // ms, while nobody is connected

std::vector<Held> holdings;  // by owner; of one owner in the order in which they came
int queue = -1;
int connection = -1;

void close_and_forget(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

void drop(const std::int64_t* owners, std::size_t count) {
  std::vector<std::int64_t> gone(owners, owners + count);
  std::ranges::sort(gone);
  std::erase_if(holdings, [&gone](const Held& held) {
    const bool over = std::ranges::binary_search(gone, held.owner);
    if (over) ::close(held.fd);
    return over;
  });
}

void hold(const KeeperMessage& message, const ReceivedFds& received) {
  for (std::size_t i = 0; i < received.count; ++i) {
    if (i >= message.fds || i >= KeeperMessage::most_fds) {
      ::close(received.fds[i]);
      continue;
    }
    const auto behind = std::ranges::upper_bound(holdings, message.owner, {}, &Held::owner);
    holdings.insert(behind, {message.owner, message.labels[i], received.fds[i]});
  }
}

/// Takes over what is in the queue.
void look() {
  while (queue >= 0) {
    KeeperMessage message{};
    const ReceivedFds received = belfry::io::receive_fds(queue, &message, sizeof message, MSG_DONTWAIT);
    if (received.bytes <= 0) return;  // empty for now, or for good
    const auto size = static_cast<std::size_t>(received.bytes);
    const bool whole = size >= offsetof(KeeperMessage, dropped_owners) &&
                       message.dropped <= KeeperMessage::most_dropped && size == message.size();
    if (whole) drop(message.dropped_owners.data(), message.dropped);
    hold(whole ? message : KeeperMessage{}, received);
  }
}

/// Sends what is held for the owner of holdings[begin] and returns where the next one's begin.
std::size_t tell(std::size_t begin) {
  KeeperMessage message{};
  message.owner = holdings[begin].owner;
  std::vector<int> fds;
  std::size_t end = begin;
  for (; end < holdings.size() && holdings[end].owner == message.owner && fds.size() < KeeperMessage::most_fds; ++end) {
    message.labels[message.fds++] = holdings[end].label;
    fds.push_back(holdings[end].fd);
  }
  while (belfry::io::send_fds(connection, &message, message.size(), fds) < 0) {
    if (errno != ETOOMANYREFS) return holdings.size();  // he has gone again
    ::poll(nullptr, 0, 1);  // until he has taken some: there is a limit to what is in flight
  }
  return end;
}

/// Somebody connects: the next belfryd.
void welcome(int door) {
  connection = ::accept4(door, nullptr, nullptr, SOCK_CLOEXEC);
  if (connection < 0) return;
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || who.uid != ::geteuid()) {
    close_and_forget(connection);
    return;
  }
  for (std::size_t begin = 0; begin < holdings.size();) begin = tell(begin);
  KeeperMessage end{};
  end.owner = belfry::io::no_owner;
  end.labels[0] = static_cast<std::uint32_t>(::getpid());
  belfry::io::send_fds(connection, &end, end.size(), {});
}

/// One word of his. False: it was the last one.
bool listen_to_him() {
  char word = 0;
  const ReceivedFds received = belfry::io::receive_fds(connection, &word, 1);
  if (received.bytes < 0) return true;  // ECONNRESET, once: he died without having read all, but his words are there
  look();                               // the queue comes first: what is in it was sent before
  for (std::size_t i = 0; i < received.count; ++i) {
    close_and_forget(queue);
    queue = received.fds[i];
    look();
  }
  if (received.bytes == 0) {
    close_and_forget(connection);
    close_and_forget(queue);
    return !holdings.empty();
  }
  return static_cast<KeeperWord>(word) != KeeperWord::bye;
}

/// Whether the next belfryd will find us.
bool is_door(const char* path, const struct stat& own) {
  struct stat now{};
  return ::stat(path, &now) == 0 && now.st_dev == own.st_dev && now.st_ino == own.st_ino;
}

}  // namespace

int keep_descriptors(int door, const char* path) {
  ::syscall(SYS_close_range, 3U, ~0U, 0U);  // what somebody else had left open in belfryd, a lock perhaps
  struct stat own{};
  ::stat(path, &own);  // gone already: its daemon says so, too
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  ::prctl(PR_SET_NAME, "belfry-keeper");
  ::signal(SIGHUP, SIG_IGN);
  ::signal(SIGINT, SIG_IGN);  // of a terminal; belfryd tells when it is over
  if (::chdir("/") != 0) return 1;
  while (true) {
    pollfd watched{connection >= 0 ? connection : door, POLLIN, 0};
    const int events = ::poll(&watched, 1, connection >= 0 ? -1 : look_at_door_every);
    if (events < 0) continue;
    if (events == 0) {
      if (!is_door(path, own)) return 0;
    } else if (connection < 0) {
      welcome(door);
    } else if (!listen_to_him()) {
      return 0;
    }
  }
}
