// Why a transfer did not come to its end: a sentence without secrets, and whether another try may help. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "async/clock.hpp"

namespace belfry::io {

struct TransferFailure {
  enum class Kind : std::uint8_t {
    unreachable,  ///< no such name, no connection, or it was cut: may work later
    timeout,      ///< may work later
    untrusted,    ///< TLS: the other side's certificate, or no TLS at all
    refused,      ///< the other side said no, and will say so again
    invalid,      ///< what was asked for makes no sense: an impossible URL
    stopped,      ///< whoever takes the body wants no more of it
  };
  Kind kind = Kind::unreachable;
  std::string message;   ///< a sentence for a person; holds no part of a URL but the host, no header and no password
  std::string advice{};  ///< what to do about it, to go behind a semicolon; may be empty

  bool may_pass() const noexcept { return kind == Kind::unreachable || kind == Kind::timeout; }
};

/// The failure of a transfer to `origin`: `code` is its CURLcode, `detail` what libcurl wrote into its error buffer,
/// `system_error` the errno of the connection.
TransferFailure failure_of(int code, std::string_view detail, long system_error, std::string_view origin,
                           async::Duration timeout);

}  // namespace belfry::io
