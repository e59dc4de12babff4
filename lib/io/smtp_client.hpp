// send_mail(): hands one message to an SMTP server, over libcurl, without blocking the loop. Loop thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "async/clock.hpp"
#include "async/task.hpp"
#include "io/transfer_failure.hpp"

namespace belfry::io {

struct Mail {
  /// How the connection is protected. With starttls and tls there is no way without: a server that does not offer it
  /// gets neither the password nor the message.
  enum class Security : std::uint8_t { starttls, tls, none };

  std::string host;
  int port = 587;
  Security security = Security::starttls;
  std::string user{};      ///< empty: nobody logs in
  std::string password{};  ///< secret
  std::string ca_file{};   ///< PEM: whom to trust instead of the system's authorities
  std::string from;        ///< an address, of the envelope
  std::vector<std::string> to;
  std::string message;                                 ///< headers, an empty line, the body; lines end with CR LF
  async::Duration timeout = std::chrono::seconds{30};  ///< from the look-up of the name to the server's last word
};

/// Done when the server has taken the message for all recipients. Resumes on the loop. Cancellation: the connection is
/// closed at once, and nobody knows whether the server has taken it.
async::Task<std::expected<void, TransferFailure>> send_mail(Mail mail);

}  // namespace belfry::io
