// Serves /metrics over HTTP from a thread of its own, so that a scrape is answered while the loop is blocked.
//
// By the header Accept as Prometheus' text or as OpenMetrics, by Accept-Encoding with gzip. The figures are
// prometheus-cpp's; the server is libmicrohttpd, because prometheus-cpp's own wakes up every two seconds for nothing,
// takes two seconds to end, and crashes when asked for TLS with OpenSSL 3.
#pragma once

#include <prometheus/collectable.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct MHD_Daemon;

namespace belfry::observe {

/// The address is malformed or cannot be listened on; what() says which and what to do.
class ExposerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A page beside /metrics, for people and programs that look into the daemon.
struct DebugPage {
  std::string path;                       ///< "/debug/..."
  std::function<std::string(bool)> text;  ///< called on the exposer's thread; true: as JSON (?format=json)
};

/// What an Exposer serves: the sources of /metrics, and the pages beside it.
struct Served {
  std::vector<std::shared_ptr<prometheus::Collectable>> sources;
  std::vector<DebugPage> pages;
};

/// Plain HTTP without authentication: listen on loopback. Sleeps while nobody asks. At most 64 connections, each closed
/// after ten silent seconds. Every member may be called from any thread.
class Exposer {
 public:
  /// `address` is "127.0.0.1:9640", "[::1]:9640" or "9640" (all IPv4 addresses); port 0 takes a free one. Throws
  /// ExposerError.
  /// `inherited`: a socket that our predecessor in this process listened with; it is gone on with if it is bound to
  /// that address, else closed. -1: there is none.
  Exposer(std::string_view address, Served served, int inherited = -1);
  Exposer(const Exposer&) = delete;
  Exposer& operator=(const Exposer&) = delete;

  /// Ends the scrapes under way and joins the thread.
  ~Exposer();

  std::uint16_t port() const noexcept { return port_; }

  /// Of the socket that listens, for a successor in this process.
  int descriptor() const noexcept { return descriptor_; }

 private:
  Served served_;
  MHD_Daemon* server_ = nullptr;
  std::uint16_t port_ = 0;
  int descriptor_ = -1;  // MHD's
};

}  // namespace belfry::observe
