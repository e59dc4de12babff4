#include "observe/exposer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <prometheus/collectable.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "observe/collectors.hpp"
#include "observe/page.hpp"

namespace belfry::observe {
namespace {

/// One HTTP exchange over a plain socket; the whole answer, head included.
std::string get(std::uint16_t port, const std::string& path) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(fd >= 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0);
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  REQUIRE(::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
  std::string answer;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(fd);
  return answer;
}

TEST_CASE("a scrape over HTTP gets the figures of every source") {
  const Exposer exposer("127.0.0.1:0", {process_collector()});
  REQUIRE(exposer.port() != 0);
  const std::string answer = get(exposer.port(), "/metrics");
  CHECK(answer.starts_with("HTTP/1.1 200"));
  CHECK(test::value(answer, "process_resident_memory_bytes").value_or(0) > 0);
  CHECK(test::value(answer, "process_open_fds").value_or(0) > 2);
  CHECK(test::value(answer, "process_start_time_seconds").value_or(0) > 1.6e9);
  CHECK(get(exposer.port(), "/other").starts_with("HTTP/1.1 404"));
}

TEST_CASE("a port that is taken is an error which says so") {
  const Exposer first("127.0.0.1:0", {});
  const std::string address = "127.0.0.1:" + std::to_string(first.port());
  CHECK_THROWS_WITH(Exposer(address, {}), Catch::Contains(address) && Catch::Contains("the port is taken"));
}

TEST_CASE("an address that would switch TLS on, add ports or mean nothing is refused") {
  for (const char* address : {"127.0.0.1:9464s", "127.0.0.1:9464,9465", "9464r", "example.org:9464", "[::1]:9464",
                              ":9464", "127.0.0.1:", "127.0.0.1", "127.0.0.1:65536", "127.0.0.1:-1", ""}) {
    CAPTURE(address);
    CHECK_THROWS_AS(Exposer(address, {}), ExposerError);
  }
}

}  // namespace
}  // namespace belfry::observe
