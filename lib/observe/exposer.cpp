#include "observe/exposer.hpp"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include "async/no_signals.hpp"
#include "observe/metrics_page.hpp"
#include "observe/negotiation.hpp"

namespace belfry::observe {

namespace {

/// Where to listen, as bind(2) takes it.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

[[noreturn]] void malformed(std::string_view address, const char* why) {
  throw ExposerError("metrics address \"" + std::string(address) + "\": " + why +
                     "; write it as ADDRESS:PORT, for instance 127.0.0.1:9640");
}

std::uint16_t parse_port(std::string_view text, std::string_view port) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (port.empty() || error != std::errc{} || end != port.data() + port.size()) {
    malformed(text, "the port must be a number from 0 to 65535");
  }
  return number;
}

Address parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::uint16_t port = htons(parse_port(text, colon == std::string_view::npos ? text : text.substr(colon + 1)));
  std::string host = colon == std::string_view::npos ? "0.0.0.0" : std::string(text.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  Address address;
  if (host.starts_with('[') && host.ends_with(']')) {
    sockaddr_in6 inet6{};
    inet6.sin6_family = AF_INET6;
    inet6.sin6_port = port;
    if (::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &inet6.sin6_addr) != 1) {
      malformed(text, "there is no IPv6 address between the brackets");
    }
    std::memcpy(&address.storage, &inet6, sizeof inet6);
    address.length = sizeof inet6;
    return address;
  }
  sockaddr_in inet{};
  inet.sin_family = AF_INET;
  inet.sin_port = port;
  if (::inet_pton(AF_INET, host.c_str(), &inet.sin_addr) != 1) {
    malformed(text, "the address must be a number, not a name");
  }
  std::memcpy(&address.storage, &inet, sizeof inet);
  address.length = sizeof inet;
  return address;
}

[[noreturn]] void cannot_listen(std::string_view address, int error) {
  throw ExposerError("cannot serve metrics on " + std::string(address) + ": " +
                     (error == EADDRINUSE ? "the port is taken" : std::strerror(error)) +
                     "; choose another with --metrics ADDR:PORT, or see who has it with `ss -ltnp`");
}

in_port_t port_of(const Address& address) {
  in_port_t port = 0;  // sin_port and sin6_port lie at the same place
  std::memcpy(&port, reinterpret_cast<const char*>(&address.storage) + offsetof(sockaddr_in, sin_port), sizeof port);
  return port;
}

/// Whether the socket is bound to `wanted`, of which a port of 0 stands for any; then the port is put there.
bool is_bound_to(int fd, Address& wanted) {
  Address bound;
  bound.length = sizeof bound.storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound.storage), &bound.length) != 0) return false;
  Address expected = wanted;
  if (port_of(expected) == 0) {
    const in_port_t port = port_of(bound);
    std::memcpy(reinterpret_cast<char*>(&expected.storage) + offsetof(sockaddr_in, sin_port), &port, sizeof port);
  }
  if (bound.length != expected.length || std::memcmp(&bound.storage, &expected.storage, bound.length) != 0) {
    return false;
  }
  wanted = bound;
  return true;
}

/// A listening socket; the port that it got is put into `address`.
int listen_on(std::string_view text, Address& address) {
  const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) cannot_listen(text, errno);
  const int on = 1;  // a restart must not wait for the connections of the last daemon to be forgotten
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto* const name = reinterpret_cast<sockaddr*>(&address.storage);
  if (::bind(fd, name, address.length) != 0 || ::listen(fd, 64) != 0 || ::getsockname(fd, name, &address.length) != 0) {
    const int error = errno;
    ::close(fd);
    cannot_listen(text, error);
  }
  return fd;
}

/// A page may be large: it is handed over, not copied.
MHD_Response* response_of(std::string body) {
  auto owned = std::make_unique<std::string>(std::move(body));
  const std::size_t size = owned->size();
  char* const data = owned->data();
  std::string* const text = owned.release();
  const auto free_text = [](void* handed_over) { delete static_cast<std::string*>(handed_over); };
  MHD_Response* const response = MHD_create_response_from_buffer_with_free_callback_cls(size, data, free_text, text);
  if (response == nullptr) delete text;
  return response;
}

MHD_Result send(MHD_Connection* connection, unsigned status, MHD_Response* response) {
  if (response == nullptr) return MHD_NO;
  const MHD_Result queued = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return queued;
}

MHD_Result reply(MHD_Connection* connection, unsigned status, std::string body, const char* type) {
  MHD_Response* const response = response_of(std::move(body));
  if (response != nullptr) MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
  return send(connection, status, response);
}

std::string_view header(MHD_Connection* connection, const char* name) {
  const char* const value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
  return value == nullptr ? std::string_view() : value;
}

/// In the format and the encoding that the client asks for.
MHD_Result reply_metrics(MHD_Connection* connection, const Sources& sources) {
  const PageFormat format = page_format(header(connection, MHD_HTTP_HEADER_ACCEPT));
  const bool gzip = accepts_gzip(header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING));
  MHD_Response* const response = response_of(metrics_page(sources, format, gzip));
  if (response != nullptr) {
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type(format));
    MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding");
    if (gzip) MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
  }
  return send(connection, MHD_HTTP_OK, response);
}

// NOLINTBEGIN(readability-non-const-parameter): libmicrohttpd's signature
MHD_Result answer(void* context, MHD_Connection* connection, const char* url, const char* method,
                  const char* /*version*/, const char* /*body*/, std::size_t* body_size, void** /*state*/) {
  // NOLINTEND(readability-non-const-parameter)
  constexpr const char* plain = "text/plain; charset=utf-8";
  const auto& [sources, pages] = *static_cast<const Served*>(context);
  if (*body_size != 0) return MHD_NO;  // a scrape has no body: hang up
  const auto page = std::ranges::find(pages, std::string_view(url), &DebugPage::path);
  if (std::strcmp(url, "/metrics") != 0 && page == pages.end()) {
    return reply(connection, MHD_HTTP_NOT_FOUND, "The metrics are at /metrics.\n", plain);
  }
  if (std::strcmp(method, MHD_HTTP_METHOD_GET) != 0 && std::strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
    return reply(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only.\n", plain);
  }
  if (page == pages.end()) return reply_metrics(connection, sources);
  const char* const format = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "format");
  const bool json = format != nullptr && std::strcmp(format, "json") == 0;
  return reply(connection, MHD_HTTP_OK, page->text(json), json ? "application/json" : plain);
}

}  // namespace

Exposer::Exposer(std::string_view address, Served served, int inherited) : served_(std::move(served)) {
  Address bound = parse(address);
  const bool goes_on = inherited >= 0 && is_bound_to(inherited, bound);
  if (inherited >= 0 && !goes_on) ::close(inherited);
  const int fd = goes_on ? inherited : listen_on(address, bound);
  port_ = ntohs(port_of(bound));
  descriptor_ = fd;
  const async::NoSignals guard;
  server_ = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, nullptr, nullptr, answer, &served_,
                             MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, 64U,
                             MHD_OPTION_CONNECTION_TIMEOUT, 10U, MHD_OPTION_END);
  if (server_ == nullptr) {
    ::close(fd);
    throw ExposerError("cannot serve metrics on " + std::string(address) + ": no thread could be started");
  }
}

Exposer::~Exposer() { MHD_stop_daemon(server_); }

}  // namespace belfry::observe
