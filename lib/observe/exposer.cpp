#include "observe/exposer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <prometheus/exposer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <future>
#include <utility>

namespace belfry::observe {

namespace {

struct Address {
  std::string host;  ///< empty: all addresses
  std::uint16_t port = 0;
};

[[noreturn]] void malformed(std::string_view address, const char* why) {
  throw ExposerError("metrics address \"" + std::string(address) + "\": " + why +
                     "; write it as ADDRESS:PORT, for instance 127.0.0.1:9464");
}

/// The grammar of civetweb is wider: "443s" would switch on its TLS, which crashes with OpenSSL 3, and a comma adds
/// ports. Neither may reach it. Debian builds it without IPv6.
Address parse(std::string_view text) {
  Address address;
  const std::size_t colon = text.rfind(':');
  std::string_view port = text;
  if (colon != std::string_view::npos) {
    address.host = text.substr(0, colon);
    if (address.host == "localhost") address.host = "127.0.0.1";
    port = text.substr(colon + 1);
    in_addr numeric{};
    if (::inet_pton(AF_INET, address.host.c_str(), &numeric) != 1) malformed(text, "the address must be an IPv4 one");
  }
  if (port.ends_with('s')) malformed(text, "TLS is not offered here");
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc{} || end != port.data() + port.size()) {
    malformed(text, "the port must be a number from 0 to 65535");
  }
  return address;
}

/// Connects to our own port and hangs up: civetweb looks at its stop flag only every two seconds, or when somebody
/// knocks.
void knock(const std::string& host, std::uint16_t port) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &where.sin_addr) != 1) where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  ::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where);
  ::close(fd);
}

}  // namespace

Exposer::Exposer(std::string_view address, std::vector<std::shared_ptr<prometheus::Collectable>> sources)
    : sources_(std::move(sources)) {
  Address parsed = parse(address);
  host_ = std::move(parsed.host);
  const std::string listen_on = (host_.empty() ? "" : host_ + ":") + std::to_string(parsed.port);
  const std::vector<std::string> options{"listening_ports",    listen_on, "num_threads", "2",
                                         "request_timeout_ms", "5000"};
  try {
    server_ = std::make_unique<prometheus::Exposer>(options);
  } catch (const std::exception&) {  // it does not say what went wrong
    throw ExposerError("cannot serve metrics on " + std::string(address) +
                       ": the port is taken, or the address is not of this host; choose another with --metrics "
                       "ADDR:PORT, or see who has it with `ss -ltnp`");
  }
  const std::vector<int> ports = server_->GetListeningPorts();
  port_ = static_cast<std::uint16_t>(ports.empty() ? parsed.port : ports.front());
  for (const auto& source : sources_) server_->RegisterCollectable(source);
}

Exposer::~Exposer() {
  auto stopped = std::async(std::launch::async, [server = std::move(server_)]() mutable { server.reset(); });
  do {
    knock(host_, port_);
  } while (stopped.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready);
}

}  // namespace belfry::observe
