// The other end of an HTTP connection, in a thread of its own: takes one connection after the other and does with each
// what the test says.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "async/no_signals.hpp"

namespace belfry::test {

class HttpPeer {
 public:
  /// `serve` gets each connection, which is closed behind it.
  explicit HttpPeer(std::function<void(int)> serve)
      : serve_(std::move(serve)), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket_, 16) != 0) std::abort();
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    const async::NoSignals quiet;
    thread_ = std::thread([this] { run(); });
  }
  HttpPeer(const HttpPeer&) = delete;
  HttpPeer& operator=(const HttpPeer&) = delete;
  ~HttpPeer() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }

  std::string url(const std::string& path = "/") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  int port() const noexcept { return port_; }

  /// A request with its body, as it came.
  static std::string read_request(int connection) {
    std::string text;
    std::size_t wanted = std::string::npos;
    while (text.size() < wanted) {
      char piece[4096];
      const auto count = ::recv(connection, piece, sizeof piece, 0);
      if (count <= 0) break;
      text.append(piece, static_cast<std::size_t>(count));
      const auto end = text.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const auto length = text.find("Content-Length: ");
      wanted = end + 4 + (length == std::string::npos ? 0 : std::stoul(text.substr(length + 16)));
    }
    return text;
  }

  static void answer(int connection, const std::string& head, const std::string& body = "") {
    const std::string text =
        "HTTP/1.1 " + head + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
  }

 private:
  void run() {
    for (;;) {
      const int connection = ::accept(socket_, nullptr, nullptr);
      if (connection < 0) return;
      serve_(connection);
      ::close(connection);
    }
  }

  std::function<void(int)> serve_;
  int socket_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace belfry::test
