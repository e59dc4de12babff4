// The other end of a control socket, byte by byte.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace belfry::test {

class UnixClient {
 public:
  explicit UnixClient(const std::filesystem::path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~UnixClient() { ::close(fd_); }
  UnixClient(const UnixClient&) = delete;
  UnixClient& operator=(const UnixClient&) = delete;

  /// Sends what the server takes; it may hang up meanwhile.
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void half_close() const { ::shutdown(fd_, SHUT_WR); }

  /// All until the server hangs up. `silent` is set when it stayed silent for `patience_ms` instead.
  std::string read_all(int patience_ms = 20'000, bool* silent = nullptr) const {
    std::string all;
    std::array<char, 65536> buffer{};
    pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
    while (true) {
      if (::poll(&ready, 1, patience_ms) != 1) {
        if (silent != nullptr) *silent = true;
        return all;
      }
      const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (got <= 0) return all;
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  int fd_;
};

struct ApiAnswer {
  int status = 0;
  std::string body;
  nlohmann::json document() const { return nlohmann::json::parse(body); }
  std::string message() const { return document().at("error").at("message").get<std::string>(); }
};

/// One request with a connection of its own.
inline ApiAnswer call(const std::filesystem::path& socket, const std::string& method, const std::string& path,
                      const std::string& body = {}) {
  const UnixClient client(socket);
  client.send(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body);
  const std::string answer = client.read_all();
  const std::size_t end_of_head = answer.find("\r\n\r\n");
  REQUIRE(end_of_head != std::string::npos);
  return {.status = std::stoi(answer.substr(9, 3)), .body = answer.substr(end_of_head + 4)};
}

}  // namespace belfry::test
