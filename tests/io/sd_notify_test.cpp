#include "io/sd_notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

using belfry::io::Fd;
using belfry::io::Notifier;

namespace {

/// systemd's end: a datagram socket; NOTIFY_SOCKET names it. A name that begins with '@' is abstract.
class Manager {
 public:
  explicit Manager(const std::string& name) : name_(name), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto length = offsetof(sockaddr_un, sun_path) + name.size() + (name[0] == '@' ? 0 : 1);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(length)) == 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~Manager() {
    if (name_[0] != '@') ::unlink(name_.c_str());
  }

  std::string receive() {
    char buffer[4096];
    const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    return got < 0 ? "nothing" : std::string(buffer, static_cast<std::size_t>(got));
  }

 private:
  std::string name_;
  Fd socket_;
};

std::string unique(const std::string& prefix) { return prefix + "belfry-notify-" + std::to_string(::getpid()); }

}  // namespace

TEST_CASE("systemd is told each state over a path or an abstract name", "[sd_notify]") {
  const auto name = GENERATE(unique("/tmp/"), unique("@"));
  Manager manager(name);
  const auto notifier = Notifier::from_environment();
  CHECK(notifier.ready("10 jobs\nsecond line"));
  CHECK(manager.receive() == "READY=1\nSTATUS=10 jobs");
  CHECK(notifier.stopping());
  CHECK(manager.receive() == "STOPPING=1");
  CHECK(notifier.watchdog());
  CHECK(manager.receive() == "WATCHDOG=1");
  CHECK(notifier.status("busy"));
  CHECK(manager.receive() == "STATUS=busy");
  CHECK(notifier.reloading());
  CHECK_THAT(manager.receive(), Catch::Matchers::Matches("RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*"));
}

TEST_CASE("the socket and the watchdog are not inherited by jobs", "[sd_notify]") {
  Manager manager(unique("@"));
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  const auto notifier = Notifier::from_environment();
  CHECK(notifier.watchdog_interval() == std::chrono::seconds(30));
  CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
  CHECK(std::getenv("WATCHDOG_USEC") == nullptr);
  CHECK(std::getenv("WATCHDOG_PID") == nullptr);
}

TEST_CASE("a watchdog meant for another process, or malformed, is none", "[sd_notify]") {
  Manager manager(unique("@"));
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  CHECK_FALSE(Notifier::from_environment().watchdog_interval());
  ::setenv("NOTIFY_SOCKET", unique("@").c_str(), 1);
  ::setenv("WATCHDOG_USEC", "3x", 1);
  CHECK_FALSE(Notifier::from_environment().watchdog_interval());
}

TEST_CASE("without systemd nothing is sent, and a bad socket is an error", "[sd_notify]") {
  ::unsetenv("NOTIFY_SOCKET");
  CHECK_FALSE(Notifier::from_environment().ready());
  ::setenv("NOTIFY_SOCKET", "relative", 1);
  CHECK_THROWS_WITH(Notifier::from_environment(), Catch::Matchers::Contains("NOTIFY_SOCKET=relative"));
  ::setenv("NOTIFY_SOCKET", "/no/such/socket", 1);
  CHECK_THROWS(Notifier::from_environment());
  ::unsetenv("NOTIFY_SOCKET");
}
