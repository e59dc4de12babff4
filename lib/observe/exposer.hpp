// Serves /metrics over HTTP from threads of its own, so that a scrape is answered while the loop is blocked.
#pragma once

#include <prometheus/collectable.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Exposer;
}

namespace belfry::observe {

/// The address is malformed or cannot be listened on; what() says which and what to do.
class ExposerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Plain HTTP without authentication: listen on loopback. Every member may be called from any thread.
class Exposer {
 public:
  /// `address` is "127.0.0.1:9464", "localhost:9464" or "9464" (all IPv4 addresses); port 0 takes a free one. Throws
  /// ExposerError.
  Exposer(std::string_view address, std::vector<std::shared_ptr<prometheus::Collectable>> sources);
  Exposer(const Exposer&) = delete;
  Exposer& operator=(const Exposer&) = delete;

  /// Ends the scrapes under way; takes milliseconds, two seconds at most when a client holds its connection open.
  ~Exposer();

  std::uint16_t port() const noexcept { return port_; }

 private:
  std::vector<std::shared_ptr<prometheus::Collectable>> sources_;  // the server holds them weakly
  std::unique_ptr<prometheus::Exposer> server_;
  std::string host_;  // empty: all addresses
  std::uint16_t port_ = 0;
};

}  // namespace belfry::observe
